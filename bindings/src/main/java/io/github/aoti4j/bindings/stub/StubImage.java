package io.github.aoti4j.bindings.stub;

import io.github.aoti4j.bindings.elf.SharedLibraryWriter;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The library's file. It has the accessors, {@link #CHECK}, and for every other function a jump to
 * the address in a table: the library's data, which begin with a word for the owner.
 *
 * @param table the name of the data, which differs from that of libraries with other functions
 * @param slots where in the data a function's address is; {@link #THROW} and {@link #THREADS} have
 *     one, too
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StubImage(String soname, String table, Map<String, Integer> slots, int size, byte[] bytes) {
    /** The function that fails: what slots refer to that are not bound. */
    static final String UNBOUND = "aoti4j_unbound";

    static final String CHECK = "aoti_torch_check";

    private static final String DELETE = "aoti_torch_delete_tensor_object";
    private static final String EMPTY = "aoti_torch_empty_strided";

    /** Not a function: has the address of {@link RunThreads}, or 0. */
    static final String THREADS = "aoti4j_threads";

    /** {@code std::__throw_runtime_error(char const *)}, to which CHECK jumps. */
    static final String THROW = "_ZSt21__throw_runtime_errorPKc";

    /** The names of libraries differ in one character: several may be loaded at a time. */
    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

    static final int COUNT = DIGITS.length();

    /** Returns the name of one of the libraries, which are counted from 0. */
    static String soname(int number) {
        return "libaoti" + DIGITS.charAt(number) + ".so";
    }

    /** Writes the library for some functions. */
    static StubImage of(Machine machine, List<String> functions, int number) {
        Map<String, Integer> slots = HashMap.newHashMap(functions.size() + 1);
        int size = Long.BYTES;
        slots.put(THROW, size);
        slots.put(THREADS, size += Long.BYTES);
        for (String function : functions) {
            slots.put(function, size += Long.BYTES);
        }
        size += Long.BYTES;
        String table = "aoti4j_table_" + digest(machine, functions);
        String soname = soname(number);
        var writer = new SharedLibraryWriter(machine, soname, table, size);
        for (Accessor accessor : Accessor.ALL) {
            writer.function(accessor.symbol(), machine.accessor(accessor));
        }
        writer.function(UNBOUND, machine.failing());
        writer.function(CHECK, machine.check(), slots.get(THROW));
        for (String function : functions) {
            int slot = slots.get(function);
            switch (function) {
                case DELETE -> addShelved(writer, function, machine.delete(), machine, slots);
                case EMPTY -> addShelved(writer, function, machine.emptyStrided(), machine, slots);
                default -> writer.function(function, machine.jump(), slot);
            }
        }
        return new StubImage(soname, table, slots, size, writer.write());
    }

    private static void addShelved(
            SharedLibraryWriter writer,
            String function,
            byte[] code,
            Machine machine,
            Map<String, Integer> slots) {
        writer.function(function, code, slots.get(function));
        writer.reference(machine.threadsEnd(), slots.get(THREADS));
    }

    /** Returns the name of the cache's folder for this file. */
    String cacheEntry() {
        return "models/" + table + "_" + soname.charAt(soname.length() - ".so".length() - 1);
    }

    /** Changes with every function that code calls, and with the code. */
    private static String digest(Machine machine, List<String> functions) {
        var crc = new CRC32();
        for (Accessor accessor : Accessor.ALL) {
            crc.update(accessor.symbol().getBytes(StandardCharsets.US_ASCII));
            crc.update(machine.accessor(accessor));
        }
        crc.update(machine.check());
        crc.update(machine.jump());
        crc.update(machine.delete());
        crc.update(machine.emptyStrided());
        for (String function : functions) {
            crc.update(function.getBytes(StandardCharsets.US_ASCII));
            crc.update('\n');
        }
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
