package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.CLibrary;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class NativeLibraryTest {
    /** Not known to the compiler, which would divide by itself. */
    private static volatile double smallestNormal = Double.MIN_NORMAL;

    @TempDir Path folder;

    private static NativeLibrary libc() {
        return NativeLibrary.ifLoaded("libc.so.6").orElseThrow();
    }

    @Test
    void findsSymbolsAsBareAddresses() {
        try (NativeLibrary libc = libc()) {
            MemorySegment strlen = libc.address("strlen");

            assertEquals(0, strlen.byteSize());
            assertEquals(Arena.global().scope(), strlen.scope());
            assertEquals(strlen, libc.find("strlen").orElseThrow());
            assertTrue(libc.find("no_such").isEmpty());
        }
    }

    @Test
    void namesAllMissingSymbolsAndTheLibrary() {
        try (NativeLibrary libc = libc()) {
            libc.require(List.of("strlen", "malloc"));

            var e =
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> libc.require(List.of("one", "strlen", "two")));

            assertEquals("libc.so.6 does not have one, two", e.getMessage());
            assertEquals(List.of("one", "two"), libc.missing(List.of("one", "strlen", "two")));
        }
    }

    @Test
    void leavesJavasArithmeticAsItIs() throws Exception {
        // What -ffast-math links with, in GCC before 13: the smallest numbers count as zero.
        String source =
                """
                __attribute__((constructor)) static void flush(void) {
                    unsigned state;
                    __asm__("stmxcsr %0" : "=m"(state));
                    state |= 0x8040;
                    __asm__("ldmxcsr %0" : : "m"(state));
                }
                """;
        Path library = CLibrary.build(folder, "fast", source);
        try (var _ = NativeLibrary.open(library)) {
            assertEquals("1.1125369292536007E-308", Double.toString(smallestNormal / 2));
        }
    }

    @Test
    void reportsTheLoadersMessageForAnAbsentFile() {
        Path absent = folder.resolve("absent.so");

        var e = assertThrows(NativeException.class, () -> NativeLibrary.open(absent));

        assertEquals("dlopen", e.function());
        assertTrue(e.getMessage().contains(absent.toString()), e.getMessage());
        assertTrue(e.getMessage().contains("No such file"), e.getMessage());
    }

    @Test
    void reportsTheLoadersMessageForAFileThatIsNoLibrary() throws Exception {
        Path text = Files.writeString(folder.resolve("text.so"), "not a library");

        var e = assertThrows(NativeException.class, () -> NativeLibrary.open(text));

        assertTrue(e.getMessage().contains(text.toString()), e.getMessage());
    }

    @Test
    void unresolvedSymbolFailsTheOpeningAndNotTheFirstCall() throws Exception {
        String source = "int gone(void); int f(void) { return gone(); }";
        Path library = CLibrary.build(folder, "unresolved", source);

        var e = assertThrows(NativeException.class, () -> NativeLibrary.open(library));

        assertTrue(e.getMessage().contains("gone"), e.getMessage());
    }

    @Test
    void librariesWithTheSameSymbolsDoNotSeeEachOther() throws Exception {
        Path one = CLibrary.build(folder, "one", "int f(void) { return 1; }");
        Path two = CLibrary.build(folder, "two", "int f(void) { return 2; }");

        try (NativeLibrary first = NativeLibrary.open(one);
                NativeLibrary second = NativeLibrary.open(two);
                NativeLibrary again = NativeLibrary.open(one)) {
            assertFalse(first.isSameAs(second));
            assertFalse(first.address("f").equals(second.address("f")));
            assertTrue(first.isSameAs(again));
        }
    }

    @Test
    void tellsWhatIsLoaded() {
        assertTrue(NativeLibrary.ifLoaded("libno_such.so").isEmpty());
    }

    @Test
    void closesOnceAndRefusesUseAfterwards() {
        NativeLibrary libc = libc();
        libc.close();
        libc.close();

        var e = assertThrows(IllegalStateException.class, () -> libc.find("strlen"));

        assertTrue(e.getMessage().contains("libc.so.6"), e.getMessage());
    }

    @Test
    void findsALibraryOfTheSystemByItsName() {
        assertTrue(NativeLibrary.ofSystem("libc.so.6").orElseThrow().has("malloc"));
        assertTrue(NativeLibrary.ofSystem("libno-such-library.so.1").isEmpty());
    }
}
