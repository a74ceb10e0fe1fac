package io.github.aoti4j.weights.zip;

import static io.github.aoti4j.weights.mapped.LittleEndian.i64;
import static io.github.aoti4j.weights.mapped.LittleEndian.u16;
import static io.github.aoti4j.weights.mapped.LittleEndian.u32;
import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and checks the central directory of a zip and the header of each entry (PKWARE's
 * APPNOTE.TXT, 4.3.7 to 4.3.12 and 4.5.3).
 */
public final class ZipReader {
    private static final long LOCAL_SIGNATURE = 0x04034b50L;
    private static final long DESCRIPTOR_SIGNATURE = 0x08074b50L;
    private static final int LOCAL_BYTES = 30;
    private static final int FLAG_DESCRIPTOR = 1 << 3;
    private static final int FLAGS_ENCRYPTED = 1 | 1 << 6 | 1 << 13;
    private static final int STORED = 0;
    private static final int EXTRA_ZIP64 = 1;
    private static final long NONE_16 = 0xFFFFL;
    private static final long NONE_32 = 0xFFFFFFFFL;

    private final MemorySegment zip;
    private final Path path;
    private final String context;
    private final ZipDirectory directory;

    ZipReader(MemorySegment zip, Path path, String context) {
        this.zip = zip;
        this.path = path;
        this.context = context;
        this.directory = ZipDirectory.locate(zip, this::bad);
    }

    /** Returns the entries by name, in the order of the central directory. */
    Map<String, ArchiveEntry> readEntries() {
        var entries = new LinkedHashMap<String, ArchiveEntry>();
        var spans = new ArrayList<Span>();
        long at = directory.offset();
        long end = at + directory.size();
        for (long i = 0; i < directory.count(); i++) {
            if (end - at < ZipDirectory.HEADER_BYTES
                    || u32(zip, at) != ZipDirectory.CENTRAL_SIGNATURE) {
                throw bad(
                        "the zip is damaged: entry %s of %s is not in its central directory; copy or download it again"
                                .formatted(i + 1, directory.count()));
            }
            var header = readHeader(at, end);
            var span = locatePayload(header);
            spans.add(span);
            var entry = new ArchiveEntry(header.name, span.payload, header.size, header.crc);
            if (entries.putIfAbsent(header.name, entry) != null) {
                throw badEntry(header.name, "is there twice; pack the zip again without doubles");
            }
            at = header.next;
        }
        if (at != end) {
            throw bad(
                    "the zip is damaged: its central directory goes on after the %s entries that the zip claims"
                            .formatted(directory.count()));
        }
        refuseOverlaps(spans);
        return entries;
    }

    /** An entry's record in the central directory. */
    private record Header(String name, long crc, long size, long localOffset, long next) {}

    /** The place of an entry: from its local header to the end of its payload. */
    private record Span(String name, long start, long payload, long end) {}

    private Header readHeader(long at, long end) {
        int nameLength = u16(zip, at + 28);
        long nameAt = at + ZipDirectory.HEADER_BYTES;
        long extraAt = nameAt + nameLength;
        long extraEnd = extraAt + u16(zip, at + 30);
        long next = extraEnd + u16(zip, at + 32);
        if (next > end) {
            throw bad("the zip is damaged: an entry's record reaches out of the central directory");
        }
        String name = readName(nameAt, nameLength);
        int flags = u16(zip, at + 8);
        int method = u16(zip, at + 10);
        if ((flags & FLAGS_ENCRYPTED) != 0) {
            throw badEntry(name, "is encrypted; pack the zip again without a password");
        }
        if (method != STORED) {
            throw badEntry(name, "is compressed (method " + method + "); " + cure(name));
        }
        var zip64 = new Zip64Extra(name, extraAt, extraEnd);
        long size = zip64.or(u32(zip, at + 24), NONE_32);
        long storedSize = zip64.or(u32(zip, at + 20), NONE_32);
        long localOffset = zip64.or(u32(zip, at + 42), NONE_32);
        long disk = zip64.or(u16(zip, at + 34), NONE_16);
        if (disk != 0) {
            throw badEntry(name, "lies in another part of a split zip; join the parts first");
        }
        if (size != storedSize) {
            throw badEntry(
                    name,
                    "has two sizes, %s and stored %s; copy or download the file again"
                            .formatted(
                                    Long.toUnsignedString(size),
                                    Long.toUnsignedString(storedSize)));
        }
        if (name.endsWith("/") && size != 0) {
            throw badEntry(name, "is named as a folder but has a payload");
        }
        return new Header(name, u32(zip, at + 16), size, localOffset, next);
    }

    private static String cure(String compressedName) {
        return compressedName.endsWith(".py")
                ? "this is a TorchScript model (torch.jit.save): compile the model with"
                        + " torch.export and AOTInductor, or save its weights alone,"
                        + " torch.save(torch.jit.load(\"model.pt\").state_dict(), \"weights.pt\")"
                : "PyTorch stores entries as they are, so that they can be mapped: unpack the file"
                        + " and pack it again with \"zip -0 -r\"";
    }

    private String readName(long at, int length) {
        var bytes = zip.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
        String name;
        try {
            // Names are ASCII in practice. UTF-8 whatever the flag says: PyTorch writes nothing
            // else.
            name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new PackageException(
                    path,
                    prefix() + "an entry's name is not UTF-8; pack the zip again with plain names",
                    e);
        }
        String flaw = nameFlaw(name);
        if (flaw != null) {
            throw badEntry(name, flaw + "; such names are refused, pack the zip again without");
        }
        return name;
    }

    /** Returns what makes a name unfit to be a path below a folder; null if nothing does. */
    public static String nameFlaw(String name) {
        if (name.isEmpty()) {
            return "has no name";
        }
        if (name.indexOf('\\') >= 0) {
            return "has a backslash in its name";
        }
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return "has a control character in its name";
            }
        }
        if (name.startsWith("/")) {
            return "has an absolute name";
        }
        String folderless = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
        for (String segment : folderless.split("/", -1)) {
            if (segment.equals("..")) {
                return "has a name that climbs out of its folder";
            }
            if (segment.isEmpty() || segment.equals(".")) {
                return "has a name with an empty or \".\" segment";
            }
        }
        return null;
    }

    private Span locatePayload(Header header) {
        long local = header.localOffset;
        if (local < 0
                || local > directory.offset() - LOCAL_BYTES
                || u32(zip, local) != LOCAL_SIGNATURE) {
            throw badEntry(
                    header.name,
                    "has no header of its own at %s; copy or download the file again"
                            .formatted(Long.toUnsignedString(local)));
        }
        int nameLength = u16(zip, local + 26);
        long payload = local + LOCAL_BYTES + nameLength + u16(zip, local + 28);
        if (payload > directory.offset()
                || header.size < 0
                || header.size > directory.offset() - payload) {
            throw badEntry(
                    header.name,
                    "claims %s bytes, more than there are before the central directory; copy or download the file again"
                            .formatted(Long.toUnsignedString(header.size)));
        }
        var name = MemorySegment.ofArray(header.name.getBytes(StandardCharsets.UTF_8));
        if (zip.asSlice(local + LOCAL_BYTES, nameLength).mismatch(name) != -1) {
            throw badEntry(header.name, "has another name in its own header");
        }
        long end = payload + header.size;
        checkLocal(header, local, end);
        return new Span(header.name, local, payload, end);
    }

    /** The entry's own header, or the descriptor behind its payload, must repeat the directory. */
    private void checkLocal(Header header, long local, long end) {
        int flags = u16(zip, local + 6);
        if (u16(zip, local + 8) != STORED || (flags & FLAGS_ENCRYPTED) != 0) {
            throw badEntry(
                    header.name,
                    "is compressed or encrypted by its own header, but not by the zip's");
        }
        boolean agrees;
        if ((flags & FLAG_DESCRIPTOR) != 0) {
            agrees = descriptorAgrees(header, end);
        } else {
            int nameLength = u16(zip, local + 26);
            long extraAt = local + LOCAL_BYTES + nameLength;
            var zip64 = new Zip64Extra(header.name, extraAt, extraAt + u16(zip, local + 28));
            agrees =
                    zip64.or(u32(zip, local + 22), NONE_32) == header.size
                            && zip64.or(u32(zip, local + 18), NONE_32) == header.size
                            && u32(zip, local + 14) == header.crc;
        }
        if (!agrees) {
            throw badEntry(
                    header.name,
                    "has another size or CRC-32 in its own header than in the central directory;"
                            + " copy or download the file again");
        }
    }

    /**
     * A descriptor is CRC, stored size and size, behind an optional signature; the sizes have 32 or
     * 64 bits, which it does not state.
     */
    private boolean descriptorAgrees(Header header, long at) {
        long room = directory.offset() - at;
        boolean signed = room >= 4 && u32(zip, at) == DESCRIPTOR_SIGNATURE;
        return (signed && descriptorAgrees(header, at + 4, room - 4))
                || descriptorAgrees(header, at, room);
    }

    private boolean descriptorAgrees(Header header, long at, long room) {
        if (room < 12 || u32(zip, at) != header.crc) {
            return false;
        }
        return (u32(zip, at + 4) == header.size && u32(zip, at + 8) == header.size)
                || (room >= 20
                        && i64(zip, at + 4) == header.size
                        && i64(zip, at + 12) == header.size);
    }

    private void refuseOverlaps(List<Span> spans) {
        spans.sort(Comparator.comparingLong(Span::start));
        for (int i = 1; i < spans.size(); i++) {
            if (spans.get(i).start < spans.get(i - 1).end) {
                throw badEntry(
                        spans.get(i).name,
                        "overlaps entry %s; copy or download the file again"
                                .formatted(quote(spans.get(i - 1).name)));
            }
        }
    }

    /** The 64-bit values of those fields that were too large for their classic place, in order. */
    private final class Zip64Extra {
        private final String name;
        private long at;
        private long end;

        Zip64Extra(String name, long extraAt, long extraEnd) {
            this.name = name;
            for (long field = extraAt; extraEnd - field >= 4; ) {
                long start = field + 4;
                long next = start + u16(zip, field + 2);
                if (next > extraEnd) {
                    return;
                }
                if (u16(zip, field) == EXTRA_ZIP64) {
                    at = start;
                    end = next;
                    return;
                }
                field = next;
            }
        }

        long or(long classic, long none) {
            if (classic != none) {
                return classic;
            }
            int bytes = none == NONE_16 ? 4 : 8;
            if (end - at < bytes) {
                throw badEntry(name, "lacks the 64-bit form of a size or offset that it refers to");
            }
            long value = bytes == 4 ? u32(zip, at) : i64(zip, at);
            at += bytes;
            return value;
        }
    }

    private String prefix() {
        return context.isEmpty() ? "" : context + ": ";
    }

    private PackageException bad(String problem) {
        return new PackageException(path, prefix() + problem);
    }

    PackageException badEntry(String name, String problem) {
        return bad("entry " + quote(name) + " " + problem);
    }
}
