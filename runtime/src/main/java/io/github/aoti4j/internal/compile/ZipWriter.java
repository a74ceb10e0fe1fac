package io.github.aoti4j.internal.compile;

import io.github.aoti4j.weights.mapped.MemorySegments;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a zip as PyTorch does: entries stored, each payload at a multiple of 64 bytes of the file,
 * with 64-bit sizes where they are needed (APPNOTE.TXT 4.5.3). It has no times: the same entries
 * give the same bytes. Not thread-safe.
 */
final class ZipWriter {
    private static final int ALIGNMENT = 64;
    private static final long MAX_32 = 0xffffffffL;
    private static final int MAX_16 = 0xffff;

    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int END_64 = 0x06064b50;
    private static final int LOCATOR_64 = 0x07064b50;

    private static final short VERSION = 45;
    private static final short UTF_8 = 1 << 11;
    private static final short EXTRA_64 = 1;

    /** Padding, under the name that PyTorch's own writer gives it. */
    private static final short EXTRA_PADDING = 'F' | 'B' << 8;

    /** The first of January 1980, where the format's time begins. */
    private static final int EPOCH = 1 << 5 | 1;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Entry(byte[] name, long offset, long size, long crc) {}

    private final FileChannel out;
    private final List<Entry> entries = new ArrayList<>();

    ZipWriter(FileChannel out) {
        this.out = out;
    }

    /** Appends an entry. */
    void add(String name, MemorySegment bytes) throws IOException {
        var entry =
                new Entry(
                        name.getBytes(StandardCharsets.UTF_8),
                        out.position(),
                        bytes.byteSize(),
                        MemorySegments.crc32(bytes));
        boolean large = entry.size >= MAX_32;
        int extra = large ? 20 : 0;
        long end = entry.offset + 30 + entry.name.length + extra + 4;
        int padding = (int) (-end & (ALIGNMENT - 1));
        ByteBuffer header = buffer(30 + entry.name.length + extra + 4 + padding);
        header.putInt(LOCAL);
        common(header, entry, large);
        header.putShort((short) entry.name.length).putShort((short) (extra + 4 + padding));
        header.put(entry.name);
        if (large) {
            header.putShort(EXTRA_64).putShort((short) 16).putLong(entry.size).putLong(entry.size);
        }
        header.putShort(EXTRA_PADDING).putShort((short) padding);
        header.position(header.limit());
        MemorySegments.write(MemorySegment.ofBuffer(header.flip()), out);
        MemorySegments.write(bytes, out);
        entries.add(entry);
    }

    /** Writes the index. */
    void finish() throws IOException {
        long start = out.position();
        for (Entry entry : entries) {
            boolean large = entry.size >= MAX_32;
            boolean far = entry.offset >= MAX_32;
            int extra = (large ? 16 : 0) + (far ? 8 : 0);
            ByteBuffer header = buffer(46 + entry.name.length + (extra == 0 ? 0 : extra + 4));
            header.putInt(CENTRAL).putShort(VERSION);
            common(header, entry, large);
            header.putShort((short) entry.name.length);
            header.putShort((short) (extra == 0 ? 0 : extra + 4));
            header.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
            header.putInt((int) (far ? MAX_32 : entry.offset));
            header.put(entry.name);
            if (extra != 0) {
                header.putShort(EXTRA_64).putShort((short) extra);
                if (large) {
                    header.putLong(entry.size).putLong(entry.size);
                }
                if (far) {
                    header.putLong(entry.offset);
                }
            }
            MemorySegments.write(MemorySegment.ofBuffer(header.flip()), out);
        }
        long size = out.position() - start;
        if (entries.size() >= MAX_16 || start >= MAX_32 || size >= MAX_32) {
            end64(start, size);
        }
        int count = Math.min(entries.size(), MAX_16);
        ByteBuffer end = buffer(22).putInt(END).putInt(0);
        end.putShort((short) count).putShort((short) count);
        end.putInt((int) Math.min(size, MAX_32)).putInt((int) Math.min(start, MAX_32));
        end.putShort((short) 0);
        MemorySegments.write(MemorySegment.ofBuffer(end.flip()), out);
    }

    /** Puts the fields common to local and central headers, from the version to the sizes. */
    private static void common(ByteBuffer header, Entry entry, boolean large) {
        header.putShort(VERSION).putShort(UTF_8).putShort((short) 0);
        header.putShort((short) 0).putShort((short) EPOCH);
        header.putInt((int) entry.crc);
        int size = (int) (large ? MAX_32 : entry.size);
        header.putInt(size).putInt(size);
    }

    private void end64(long start, long size) throws IOException {
        long at = out.position();
        ByteBuffer end = buffer(56 + 20).putInt(END_64).putLong(44);
        end.putShort(VERSION).putShort(VERSION).putInt(0).putInt(0);
        end.putLong(entries.size()).putLong(entries.size()).putLong(size).putLong(start);
        end.putInt(LOCATOR_64).putInt(0).putLong(at).putInt(1);
        MemorySegments.write(MemorySegment.ofBuffer(end.flip()), out);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
