package io.github.aoti4j.jmh;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes zips as PyTorch does: entries stored, payloads at multiples of 64 bytes. Payloads are
 * written twice, the first time for their checksum.
 */
final class StoredZip implements AutoCloseable {
    /** Writes an entry's payload, the same each time. */
    @FunctionalInterface
    interface Payload {
        void writeTo(OutputStream out) throws IOException;
    }

    private static final int ALIGNMENT = 64;
    private static final int LOCAL_HEADER = 30;
    private static final int EXTRA_HEADER = 4;
    private static final long FOUR_GIB = 1L << 32;

    /** Any extra field may be used to pad; PyTorch's says "FB". */
    private static final short PADDING = 0x4246;

    /** Not the format's first second: the JDK adds a field to it, which breaks the alignment. */
    private static final LocalDateTime TIME = LocalDateTime.of(1981, 1, 1, 0, 0);

    private final Counting counting;
    private final ZipOutputStream zip;

    /** {@link #close()} leaves the stream open. */
    StoredZip(OutputStream out) {
        counting = new Counting(out);
        zip = new ZipOutputStream(counting);
        zip.setMethod(ZipOutputStream.STORED);
    }

    void add(String name, byte[] payload) throws IOException {
        add(name, out -> out.write(payload));
    }

    void add(String name, Payload payload) throws IOException {
        var sum = new Counting(OutputStream.nullOutputStream());
        payload.writeTo(sum);
        if (counting.bytes + sum.bytes >= FOUR_GIB) {
            throw new IOException("4 GiB or more, which PyTorch would write as zip64");
        }
        var entry = new ZipEntry(name);
        entry.setTimeLocal(TIME);
        entry.setSize(sum.bytes);
        entry.setCrc(sum.getChecksum().getValue());
        entry.setExtra(padding(name));
        zip.putNextEntry(entry);
        payload.writeTo(zip);
        zip.closeEntry();
    }

    private byte[] padding(String name) {
        long unpadded =
                counting.bytes
                        + LOCAL_HEADER
                        + name.getBytes(StandardCharsets.UTF_8).length
                        + EXTRA_HEADER;
        int length = (int) (-unpadded & (ALIGNMENT - 1));
        return ByteBuffer.allocate(EXTRA_HEADER + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(PADDING)
                .putShort((short) length)
                .array();
    }

    /** Writes the directory. */
    @Override
    public void close() throws IOException {
        zip.finish();
        zip.flush();
    }

    /** Counts bytes and computes their checksum. */
    private static final class Counting extends CheckedOutputStream {
        private long bytes;

        Counting(OutputStream out) {
            super(out, new CRC32());
        }

        @Override
        public void write(int b) throws IOException {
            super.write(b);
            bytes++;
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            super.write(from, offset, length);
            bytes += length;
        }
    }
}
