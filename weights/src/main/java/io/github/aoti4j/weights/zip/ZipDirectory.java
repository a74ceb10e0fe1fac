package io.github.aoti4j.weights.zip;

import static io.github.aoti4j.weights.mapped.LittleEndian.i64;
import static io.github.aoti4j.weights.mapped.LittleEndian.u16;
import static io.github.aoti4j.weights.mapped.LittleEndian.u32;

import io.github.aoti4j.core.PackageException;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/**
 * Where the central directory of a zip lies, as the records at the end of the zip say (PKWARE's
 * APPNOTE.TXT, 4.3.14 to 4.3.16).
 *
 * @param size bytes of the central directory; it ends within the zip
 * @param count entries in it; never more than {@code size} has room for
 */
record ZipDirectory(long offset, long size, long count) {
    static final long CENTRAL_SIGNATURE = 0x02014b50L;

    /** Bytes of an entry's record in the central directory, without name, extra and comment. */
    static final int HEADER_BYTES = 46;

    private static final long LOCAL_SIGNATURE = 0x04034b50L;
    private static final long END_SIGNATURE = 0x06054b50L;
    private static final long ZIP64_LOCATOR_SIGNATURE = 0x07064b50L;
    private static final long ZIP64_END_SIGNATURE = 0x06064b50L;
    private static final int END_BYTES = 22;
    private static final int ZIP64_LOCATOR_BYTES = 20;
    private static final int ZIP64_END_BYTES = 56;
    private static final int MAX_COMMENT = 0xFFFF;
    private static final long NONE_16 = 0xFFFFL;
    private static final long NONE_32 = 0xFFFFFFFFL;

    /**
     * Finds the directory and checks that it fits into the zip; bytes after the zip are tolerated.
     */
    static ZipDirectory locate(MemorySegment zip, Function<String, PackageException> bad) {
        long end = findEnd(zip);
        if (end < 0) {
            boolean startsWell = zip.byteSize() >= 4 && u32(zip, 0) == LOCAL_SIGNATURE;
            throw bad.apply(
                    startsWell
                            ? "the zip is truncated: it has no central directory at its end; copy"
                                    + " or download it again"
                            : "this is not a zip file; PyTorch's packages are");
        }
        long disk = u16(zip, end + 4);
        long directoryDisk = u16(zip, end + 6);
        long countOnDisk = u16(zip, end + 8);
        long count = u16(zip, end + 10);
        long size = u32(zip, end + 12);
        long offset = u32(zip, end + 16);
        long limit = end;

        long locator = end - ZIP64_LOCATOR_BYTES;
        if (locator >= 0 && u32(zip, locator) == ZIP64_LOCATOR_SIGNATURE) {
            long zip64 = i64(zip, locator + 8);
            if (zip64 < 0
                    || zip64 > locator - ZIP64_END_BYTES
                    || u32(zip, zip64) != ZIP64_END_SIGNATURE) {
                throw bad.apply("the zip is damaged: its zip64 record is not where it should be");
            }
            limit = zip64;
            disk = agree(disk, NONE_16, u32(zip, zip64 + 16), bad);
            directoryDisk = agree(directoryDisk, NONE_16, u32(zip, zip64 + 20), bad);
            countOnDisk = agree(countOnDisk, NONE_16, i64(zip, zip64 + 24), bad);
            count = agree(count, NONE_16, i64(zip, zip64 + 32), bad);
            size = agree(size, NONE_32, i64(zip, zip64 + 40), bad);
            offset = agree(offset, NONE_32, i64(zip, zip64 + 48), bad);
        }
        if (disk != 0 || directoryDisk != 0 || countOnDisk != count) {
            throw bad.apply("the zip is split over several files; join them into one first");
        }
        if (offset < 0 || size < 0 || offset > limit || size > limit - offset) {
            throw bad.apply(
                    "the zip is damaged: its central directory (%s bytes at %s) does not fit into its %s bytes; copy or download it again"
                            .formatted(
                                    Long.toUnsignedString(size),
                                    Long.toUnsignedString(offset),
                                    zip.byteSize()));
        }
        if (count < 0 || count > size / HEADER_BYTES) {
            throw bad.apply(
                    "the zip is damaged: it claims %s entries, but its central directory of %s bytes has room for at most %s"
                            .formatted(Long.toUnsignedString(count), size, size / HEADER_BYTES));
        }
        return new ZipDirectory(offset, size, count);
    }

    /**
     * Looks for the end record backwards, as far as a comment can push it. The signature may also
     * stand in a comment or in foreign bytes after the zip, so a record that makes sense is
     * preferred; failing that, the last one is used, so that the message says what is wrong with
     * it.
     */
    private static long findEnd(MemorySegment zip) {
        long last = zip.byteSize() - END_BYTES;
        long first = Math.max(0, last - MAX_COMMENT);
        long senseless = -1;
        for (long at = last; at >= first; at--) {
            if (u32(zip, at) == END_SIGNATURE && u16(zip, at + 20) <= last - at) {
                if (makesSense(zip, at)) {
                    return at;
                }
                senseless = Math.max(senseless, at);
            }
        }
        return senseless;
    }

    private static boolean makesSense(MemorySegment zip, long end) {
        long size = u32(zip, end + 12);
        long offset = u32(zip, end + 16);
        if (size == NONE_32 || offset == NONE_32) {
            return end >= ZIP64_LOCATOR_BYTES
                    && u32(zip, end - ZIP64_LOCATOR_BYTES) == ZIP64_LOCATOR_SIGNATURE;
        }
        return size == 0
                ? offset == end
                : offset <= end - size && u32(zip, offset) == CENTRAL_SIGNATURE;
    }

    /** The classic field says that the zip64 one counts, or says the same. */
    private static long agree(
            long classic, long none, long zip64, Function<String, PackageException> bad) {
        if (classic != none && classic != zip64) {
            throw bad.apply("the zip is damaged: its end record and its zip64 record disagree");
        }
        return zip64;
    }
}
