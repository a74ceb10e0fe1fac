package io.github.aoti4j.bindings.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a shared library: functions, which are read-only, and data of zeros, which is writable.
 * Code reaches the data relative to itself, so that there is nothing to relocate. The file has what
 * the dynamic loader reads and no sections.
 *
 * <p>The format is the System V ABI's ({@code elf(5)}).
 */
public final class SharedLibraryWriter {
    /** The largest page of the machines that it writes for; AArch64 has 4, 16 or 64 KiB. */
    private static final long PAGE = 0x10000;

    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int PROGRAM_HEADERS = 4;
    private static final int DYNAMIC_ENTRIES = 7;
    private static final int CODE_ALIGNMENT = 16;

    private static final int TYPE_SHARED_OBJECT = 3;
    private static final int READ = 4;
    private static final int WRITE = 2;
    private static final int EXECUTE = 1;
    private static final int GLOBAL = 1 << 4;
    private static final int OBJECT = 1;
    private static final int FUNCTION = 2;

    /** Any section but none: the symbol is defined, and moves with the library. */
    private static final short SECTION = 1;

    /** What depends on the machine. */
    public interface Machine {
        /** Returns the machine's number in ELF files. */
        int elfNumber();

        /**
         * Puts the distance to the data that a function refers to into its code.
         *
         * @param at where the function begins
         * @param end where in the function the part ends that refers to them
         * @param distance from the function's begin to the data, in bytes
         */
        void refer(ByteBuffer code, int at, int end, int distance);
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Function(String name, byte[] code, List<Reference> references) {}

    private record Reference(int end, int data) {}

    private record Symbol(String name, int type, long address, int size) {}

    private final Machine machine;
    private final String soname;
    private final String dataName;
    private final int dataSize;
    private final List<Function> functions = new ArrayList<>();

    /**
     * Starts a library.
     *
     * @param dataName the symbol of the data
     * @param dataSize in bytes; the data begins at a multiple of 16
     */
    public SharedLibraryWriter(Machine machine, String soname, String dataName, int dataSize) {
        this.machine = machine;
        this.soname = soname;
        this.dataName = dataName;
        this.dataSize = dataSize;
    }

    /** Adds a function. */
    public void function(String name, byte[] code) {
        functions.add(new Function(name, code, new ArrayList<>()));
    }

    /**
     * Adds a function that refers to the data at its end.
     *
     * @param data to which byte of it
     */
    public void function(String name, byte[] code, int data) {
        function(name, code);
        reference(code.length, data);
    }

    /**
     * Adds a reference of the latest function.
     *
     * @param end where in the function the part ends that refers to the data
     * @param data to which byte of it
     */
    public void reference(int end, int data) {
        functions.getLast().references.add(new Reference(end, data));
    }

    /** Returns the library's bytes. */
    public byte[] write() {
        int symbolCount = functions.size() + 2; // the first is none, the last the data
        int hash = HEADER + PROGRAM_HEADERS * PROGRAM_HEADER;
        int symbols = align(hash + (2 + 2 * symbolCount) * Integer.BYTES, Long.BYTES);
        int strings = symbols + symbolCount * Elf.SYMBOL_SIZE;
        int stringBytes = 1 + soname.length() + 1 + dataName.length() + 1;
        int codeBytes = 0;
        for (Function function : functions) {
            stringBytes += function.name.length() + 1;
            codeBytes += align(function.code.length, CODE_ALIGNMENT);
        }
        int code = align(strings + stringBytes, CODE_ALIGNMENT);
        int codeEnd = code + codeBytes;
        // Two segments cannot share a page of memory, and their places in the file must be those
        // in memory, but for whole pages.
        int writable = align(codeEnd, CODE_ALIGNMENT);
        long shift = (writable + PAGE - 1) / PAGE * PAGE;
        int data = align(writable + DYNAMIC_ENTRIES * Elf.DYNAMIC_ENTRY_SIZE, CODE_ALIGNMENT);
        int end = data + dataSize;

        ByteBuffer file = ByteBuffer.allocate(end).order(ByteOrder.LITTLE_ENDIAN);
        header(file);
        segment(file, Elf.PT_LOAD, READ | EXECUTE, 0, 0, codeEnd, PAGE);
        segment(file, Elf.PT_LOAD, READ | WRITE, writable, shift, end - writable, PAGE);
        int dynamicBytes = DYNAMIC_ENTRIES * Elf.DYNAMIC_ENTRY_SIZE;
        segment(file, Elf.PT_DYNAMIC, READ | WRITE, writable, shift, dynamicBytes, Long.BYTES);
        segment(file, Elf.PT_GNU_STACK, READ | WRITE, 0, 0, 0, CODE_ALIGNMENT);

        List<Symbol> all = new ArrayList<>(symbolCount);
        int at = code;
        for (Function function : functions) {
            file.put(at, function.code);
            for (Reference reference : function.references) {
                int distance = Math.toIntExact(data + reference.data + shift - at);
                machine.refer(file, at, reference.end, distance);
            }
            all.add(new Symbol(function.name, FUNCTION, at, function.code.length));
            at += align(function.code.length, CODE_ALIGNMENT);
        }
        all.add(new Symbol(dataName, OBJECT, data + shift, dataSize));
        hashTable(file.position(hash), all);
        int sonameAt = symbols(file, symbols, strings, all);

        file.position(writable);
        file.putLong(Elf.DT_SONAME).putLong(sonameAt);
        file.putLong(Elf.DT_HASH).putLong(hash);
        file.putLong(Elf.DT_STRTAB).putLong(strings);
        file.putLong(Elf.DT_SYMTAB).putLong(symbols);
        file.putLong(Elf.DT_STRSZ).putLong(stringBytes);
        file.putLong(Elf.DT_SYMENT).putLong(Elf.SYMBOL_SIZE);
        file.putLong(Elf.DT_NULL).putLong(0);
        return file.array();
    }

    private void header(ByteBuffer file) {
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}); // 64-bit, little-endian, version 1
        file.position(16);
        file.putShort((short) TYPE_SHARED_OBJECT).putShort((short) machine.elfNumber()).putInt(1);
        file.putLong(0).putLong(HEADER).putLong(0); // no entry point; no sections
        file.putInt(0).putShort((short) HEADER);
        file.putShort((short) PROGRAM_HEADER).putShort((short) PROGRAM_HEADERS);
        file.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    }

    private static void segment(
            ByteBuffer file, int type, int flags, long at, long shift, long size, long alignment) {
        file.putInt(type).putInt(flags).putLong(at).putLong(at + shift).putLong(at + shift);
        file.putLong(size).putLong(size).putLong(alignment);
    }

    /** Each bucket is the first symbol of a chain, and each chain entry the next one. */
    private static void hashTable(ByteBuffer file, List<Symbol> all) {
        int count = all.size() + 1;
        int[] buckets = new int[count];
        int[] chains = new int[count];
        for (int i = 1; i < count; i++) {
            int bucket = Integer.remainderUnsigned(hash(all.get(i - 1).name), count);
            chains[i] = buckets[bucket];
            buckets[bucket] = i;
        }
        file.putInt(count).putInt(count);
        file.asIntBuffer().put(buckets).put(chains);
    }

    /** The hash function of the System V ABI. */
    private static int hash(String name) {
        int hash = 0;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash << 4) + name.charAt(i);
            int high = hash & 0xf0000000;
            hash = (hash ^ high >>> 24) & ~high;
        }
        return hash;
    }

    /** Writes symbols and names; returns where among the names the library's own is. */
    private int symbols(ByteBuffer file, int symbols, int strings, List<Symbol> all) {
        int name = 1;
        file.position(symbols + Elf.SYMBOL_SIZE);
        for (Symbol symbol : all) {
            file.putInt(name).put((byte) (GLOBAL | symbol.type)).put((byte) 0).putShort(SECTION);
            file.putLong(symbol.address).putLong(symbol.size);
            file.put(strings + name, symbol.name.getBytes(StandardCharsets.US_ASCII));
            name += symbol.name.length() + 1;
        }
        file.put(strings + name, soname.getBytes(StandardCharsets.US_ASCII));
        return name;
    }

    private static int align(int at, int to) {
        return (at + to - 1) / to * to;
    }
}
