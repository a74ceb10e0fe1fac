package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A shared library with nothing in it but what says which symbols it has and needs: two kilobytes
 * where the smallest of a model has hundreds. ELF as in the System V ABI; the GNU hash table has
 * one bucket.
 */
public final class TinyLibrary {
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int DYNAMIC_OFFSET = HEADER_BYTES + 3 * PROGRAM_HEADER_BYTES;
    private static final int GLOBAL_FUNCTION = 1 << 4 | 2;
    private static final int WEAK = 2 << 4;

    private final ByteArrayOutputStream names = new ByteArrayOutputStream();
    private final ByteArrayOutputStream symbols = new ByteArrayOutputStream();
    private final ByteArrayOutputStream dynamic = new ByteArrayOutputStream();
    private final Map<String, Integer> placed = new HashMap<>();
    private final List<Integer> hashes = new ArrayList<>();
    private int hashed;

    private TinyLibrary() {
        names.write(0);
        symbols.writeBytes(new byte[24]);
    }

    /** Makes a library that needs another one and some symbols, and has some. */
    public static byte[] of(String needed, List<String> undefined, List<String> defined) {
        var library = new TinyLibrary();
        library.entry(1, library.name(needed));
        for (String name : undefined) {
            library.symbol(name, GLOBAL_FUNCTION, 0);
        }
        library.symbol("__gmon_start__", WEAK, 0);
        library.hashed = 2 + undefined.size();
        for (String name : defined) {
            library.symbol(name, GLOBAL_FUNCTION, 1);
            library.hashes.add(hash(name));
        }
        return library.build();
    }

    private void entry(long tag, long value) {
        dynamic.writeBytes(bytes(16).putLong(tag).putLong(value).array());
    }

    /** Equal names lie in one place, as a linker puts them. */
    private int name(String name) {
        return placed.computeIfAbsent(
                name,
                _ -> {
                    int at = names.size();
                    names.writeBytes(name.getBytes(ISO_8859_1));
                    names.write(0);
                    return at;
                });
    }

    private void symbol(String name, int info, int section) {
        symbols.writeBytes(
                bytes(24)
                        .putInt(name(name))
                        .put((byte) info)
                        .put((byte) 0)
                        .putShort((short) section)
                        .array());
    }

    private static int hash(String name) {
        int hash = 5381;
        for (byte b : name.getBytes(ISO_8859_1)) {
            hash = hash * 33 + (b & 0xff);
        }
        return hash;
    }

    private byte[] hashTable() {
        byte[] bytes = new byte[16 + 8 + 4 + 4 * hashes.size()];
        var table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(1).putInt(hashed).putInt(1).putInt(0).putLong(-1).putInt(hashed);
        for (int i = 0; i < hashes.size(); i++) {
            boolean last = i == hashes.size() - 1;
            table.putInt(last ? hashes.get(i) | 1 : hashes.get(i) & ~1);
        }
        return bytes;
    }

    private byte[] build() {
        byte[] hashTable = hashTable();
        int dynamicBytes = dynamic.size() + 6 * 16;
        int symbolsAt = DYNAMIC_OFFSET + dynamicBytes;
        int namesAt = symbolsAt + symbols.size();
        int hashAt = namesAt + names.size();
        entry(5, namesAt);
        entry(10, names.size());
        entry(6, symbolsAt);
        entry(11, 24);
        entry(0x6ffffef5, hashAt);
        entry(0, 0);
        int size = hashAt + hashTable.length;
        return bytes(size)
                .put(header())
                .put(programHeader(1, 5, 0, size))
                .put(programHeader(2, 6, DYNAMIC_OFFSET, dynamicBytes))
                .put(programHeader(0x6474e551, 7, 0, 0))
                .put(dynamic.toByteArray())
                .put(symbols.toByteArray())
                .put(names.toByteArray())
                .put(hashTable)
                .array();
    }

    private static byte[] header() {
        return bytes(HEADER_BYTES)
                .put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0})
                .putShort(16, (short) 3)
                .putShort(18, (short) 62)
                .putLong(32, HEADER_BYTES)
                .putShort(54, (short) PROGRAM_HEADER_BYTES)
                .putShort(56, (short) 3)
                .array();
    }

    /** At the address that is the offset. */
    private static byte[] programHeader(int type, int flags, long offset, long size) {
        return bytes(PROGRAM_HEADER_BYTES)
                .putInt(type)
                .putInt(flags)
                .putLong(offset)
                .putLong(offset)
                .putLong(offset)
                .putLong(size)
                .putLong(size)
                .array();
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
