package io.github.aoti4j.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;

/** Builds zips that say what a test wants them to say, true or not. */
public final class TestZip {
    public static final int DESCRIPTOR_FLAG = 1 << 3;
    private static final int UTF8_FLAG = 1 << 11;

    /** How the sizes are repeated behind the payload. */
    public enum Descriptor {
        NONE,
        SHORT,
        LONG,
        UNSIGNED_SHORT
    }

    /** An entry; what is not changed is true. */
    public static final class Entry {
        public byte[] name;
        public byte[] localName;
        public byte[] payload;
        public int flags = UTF8_FLAG;
        public int localFlags = UTF8_FLAG;
        public int method;
        public int localMethod;
        public long crc;
        public long localCrc;
        public long size;
        public long storedSize;
        public long localSize;
        public long descriptorSize;
        public Long offset;
        public int disk;
        public boolean zip64;
        public byte[] localExtra = {};
        public byte[] centralExtra = {};
        public Descriptor descriptor = Descriptor.NONE;

        public void name(String changed) {
            name = changed.getBytes(StandardCharsets.UTF_8);
            localName = name;
        }

        /** As PyTorch's writer does it: nothing in the local header, all behind the payload. */
        public void described(Descriptor how) {
            descriptor = how;
            flags |= DESCRIPTOR_FLAG;
            localFlags |= DESCRIPTOR_FLAG;
            localSize = 0;
            localCrc = 0;
        }
    }

    /** The records at the end; what is not changed is true. */
    public static final class End {
        public int disk;
        public int directoryDisk;
        public long countOnDisk;
        public long count;
        public long size;
        public long offset;
        public boolean zip64;
        public long zip64Count;
        public long zip64Size;
        public long zip64Offset;
        public long zip64At;
        public String comment = "";
    }

    private final List<Entry> entries = new ArrayList<>();
    private final List<Consumer<End>> endChanges = new ArrayList<>();
    private Consumer<Entry> everyEntry = e -> {};

    /** A zip with the peculiarities of PyTorch's writer. */
    public static TestZip likePyTorch() {
        var zip = new TestZip();
        zip.everyEntry = e -> e.described(Descriptor.SHORT);
        return zip.end(end -> end.zip64 = true);
    }

    public static Entry entry(String name, byte[] payload) {
        var entry = new Entry();
        entry.name(name);
        entry.payload = payload;
        entry.size = payload.length;
        entry.storedSize = payload.length;
        entry.localSize = payload.length;
        entry.descriptorSize = payload.length;
        entry.crc = crc(payload);
        entry.localCrc = entry.crc;
        return entry;
    }

    public TestZip add(String name, byte[] payload, Consumer<Entry> change) {
        var entry = entry(name, payload);
        everyEntry.accept(entry);
        change.accept(entry);
        entries.add(entry);
        return this;
    }

    public TestZip add(String name, String text) {
        return add(name, text.getBytes(StandardCharsets.UTF_8), e -> {});
    }

    public TestZip add(String name, String text, Consumer<Entry> change) {
        return add(name, text.getBytes(StandardCharsets.UTF_8), change);
    }

    public TestZip end(Consumer<End> change) {
        endChanges.add(change);
        return this;
    }

    public byte[] build() {
        var out = new ByteArrayOutputStream();
        var central = new ByteArrayOutputStream();
        for (var entry : entries) {
            long offset = out.size();
            out.writeBytes(local(entry));
            out.writeBytes(entry.payload);
            out.writeBytes(descriptor(entry));
            central.writeBytes(central(entry, entry.offset == null ? offset : entry.offset));
        }
        long offset = out.size();
        out.writeBytes(central.toByteArray());
        out.writeBytes(end(entries.size(), central.size(), offset));
        return out.toByteArray();
    }

    public static byte[] local(Entry e) {
        return bytes(30 + e.localName.length + e.localExtra.length)
                .putInt(0x04034b50)
                .putShort((short) 20)
                .putShort((short) e.localFlags)
                .putShort((short) e.localMethod)
                .putInt(0)
                .putInt((int) e.localCrc)
                .putInt((int) e.localSize)
                .putInt((int) e.localSize)
                .putShort((short) e.localName.length)
                .putShort((short) e.localExtra.length)
                .put(e.localName)
                .put(e.localExtra)
                .array();
    }

    public static byte[] descriptor(Entry e) {
        return switch (e.descriptor) {
            case NONE -> new byte[0];
            case SHORT ->
                    bytes(16)
                            .putInt(0x08074b50)
                            .putInt((int) e.crc)
                            .putInt((int) e.descriptorSize)
                            .putInt((int) e.descriptorSize)
                            .array();
            case LONG ->
                    bytes(24)
                            .putInt(0x08074b50)
                            .putInt((int) e.crc)
                            .putLong(e.descriptorSize)
                            .putLong(e.descriptorSize)
                            .array();
            case UNSIGNED_SHORT ->
                    bytes(12)
                            .putInt((int) e.crc)
                            .putInt((int) e.descriptorSize)
                            .putInt((int) e.descriptorSize)
                            .array();
        };
    }

    public static byte[] central(Entry e, long offset) {
        byte[] extra = e.zip64 ? zip64Extra(e.size, e.storedSize, offset) : e.centralExtra;
        return bytes(46 + e.name.length + extra.length)
                .putInt(0x02014b50)
                .putInt(0)
                .putShort((short) e.flags)
                .putShort((short) e.method)
                .putInt(0)
                .putInt((int) e.crc)
                .putInt(e.zip64 ? -1 : (int) e.storedSize)
                .putInt(e.zip64 ? -1 : (int) e.size)
                .putShort((short) e.name.length)
                .putShort((short) extra.length)
                .putShort((short) 0)
                .putShort((short) e.disk)
                .putShort((short) 0)
                .putInt(0)
                .putInt(e.zip64 ? -1 : (int) offset)
                .put(e.name)
                .put(extra)
                .array();
    }

    /** A foreign field first, then the zip64 one. */
    public static byte[] zip64Extra(long... values) {
        byte[] bytes = new byte[4 + 3 + 4 + 8 * values.length];
        var extra = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        extra.putShort((short) 0x4246).putShort((short) 3).put(new byte[3]);
        extra.putShort((short) 1).putShort((short) (8 * values.length));
        for (long value : values) {
            extra.putLong(value);
        }
        return bytes;
    }

    public byte[] end(long count, long size, long offset) {
        var end = new End();
        end.countOnDisk = count;
        end.count = count;
        end.size = size;
        end.offset = offset;
        end.zip64Count = count;
        end.zip64Size = size;
        end.zip64Offset = offset;
        end.zip64At = offset + size;
        endChanges.forEach(change -> change.accept(end));
        byte[] comment = end.comment.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[(end.zip64 ? 56 + 20 : 0) + 22 + comment.length];
        var out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (end.zip64) {
            out.putInt(0x06064b50).putLong(44).putInt(0).putInt(end.disk).putInt(end.directoryDisk);
            out.putLong(end.zip64Count).putLong(end.zip64Count);
            out.putLong(end.zip64Size).putLong(end.zip64Offset);
            out.putInt(0x07064b50).putInt(0).putLong(end.zip64At).putInt(1);
        }
        out.putInt(0x06054b50).putShort((short) end.disk).putShort((short) end.directoryDisk);
        out.putShort((short) end.countOnDisk).putShort((short) end.count);
        out.putInt((int) end.size).putInt((int) end.offset);
        out.putShort((short) comment.length).put(comment);
        return bytes;
    }

    public static long crc(byte[] bytes) {
        var crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
