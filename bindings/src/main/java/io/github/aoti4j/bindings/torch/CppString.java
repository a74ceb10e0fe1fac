package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Objects of C++'s class {@code std::string}, as libstdc++ lays them out. */
final class CppString {
    /** Pointer, length, and 16 bytes for short ones to lie in. */
    static final long BYTES = 32;

    private CppString() {}

    /** Makes a string to be read only, of bytes that end with a zero and stay where they are. */
    static void put(MemorySegment string, MemorySegment text) {
        string.set(ADDRESS, 0, text);
        string.set(JAVA_LONG, 8, text.byteSize() - 1);
        string.set(JAVA_LONG, 16, text.byteSize() - 1);
    }

    /** Reads a string that C++ has made, and frees what it owns. */
    static String take(MemorySegment string) {
        MemorySegment text = string.get(ADDRESS, 0);
        long length = string.get(JAVA_LONG, 8);
        try {
            byte[] bytes = text.reinterpret(length).toArray(JAVA_BYTE);
            return new String(bytes, StandardCharsets.UTF_8);
        } finally {
            if (text.address() != string.address() + 16) {
                StableValues.delete(text);
            }
        }
    }
}
