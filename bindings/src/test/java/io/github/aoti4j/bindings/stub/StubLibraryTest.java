package io.github.aoti4j.bindings.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.elf.SharedLibraryWriter;
import io.github.aoti4j.bindings.os.NativeLibrary;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class StubLibraryTest {
    private static final List<String> FUNCTIONS = List.of("first", "second", "third");
    private static final FunctionDescriptor RETURNS_INT = FunctionDescriptor.of(JAVA_INT);

    @TempDir private Path folder;
    private String cacheBefore;

    @BeforeEach
    void useACacheOfItsOwn() {
        cacheBefore = System.getProperty("aoti.cache");
        System.setProperty("aoti.cache", folder.resolve("cache").toString());
    }

    @AfterEach
    void restoreTheCache() {
        if (cacheBefore == null) {
            System.clearProperty("aoti.cache");
        } else {
            System.setProperty("aoti.cache", cacheBefore);
        }
    }

    private static StubLibrary open() {
        return StubLibrary.open(FUNCTIONS, NativeLibrary.ofSystem("libstdc++.so.6").orElseThrow());
    }

    static int answer() {
        return 42;
    }

    static int otherAnswer() {
        return 43;
    }

    private static void bind(StubLibrary library, String function, String method) throws Exception {
        var handle =
                MethodHandles.lookup()
                        .findStatic(
                                StubLibraryTest.class, method, MethodType.methodType(int.class));
        library.bind(
                function, Linker.nativeLinker().upcallStub(handle, RETURNS_INT, library.arena()));
    }

    private static NativeLibrary loaded(StubLibrary library) {
        return NativeLibrary.ifLoaded(library.soname()).orElseThrow();
    }

    private static int call(MemorySegment function) throws Throwable {
        return (int) Linker.nativeLinker().downcallHandle(function, RETURNS_INT).invokeExact();
    }

    private static int call(StubLibrary library, String function) throws Throwable {
        try (NativeLibrary loaded = loaded(library)) {
            return call(loaded.address(function));
        }
    }

    @Test
    void isASoundLibraryForEachMachine() {
        for (Machine machine : List.of(new X86(), new Aarch64())) {
            byte[] bytes = StubImage.of(machine, FUNCTIONS, 3).bytes();
            ElfFile elf = ElfFile.read(MemorySegment.ofArray(bytes), folder, "stub");
            assertEquals(machine.elfNumber(), elf.machine());
            assertEquals(List.of(), elf.needed());
            assertEquals(List.of(), elf.undefinedSymbols());
            assertTrue(elf.definedSymbols().containsAll(FUNCTIONS));
            for (Accessor accessor : StubLibrary.accessors()) {
                assertTrue(elf.definedSymbols().contains(accessor.symbol()), accessor.symbol());
            }
            assertFalse(elf.demandsExecutableStack());
        }
    }

    @Test
    void functionsFailUntilTheyAreBound() throws Throwable {
        try (StubLibrary library = open()) {
            assertEquals(1, call(library, "first"));
            assertFalse(library.isBound("first"));
            bind(library, "first", "answer");
            bind(library, "third", "otherAnswer");
            assertTrue(library.isBound("first"));
            assertEquals(42, call(library, "first"));
            assertEquals(1, call(library, "second"));
            assertEquals(43, call(library, "third"));
        }
    }

    @Test
    void severalLibrariesShareNothing() throws Throwable {
        try (StubLibrary one = open();
                StubLibrary two = open()) {
            assertNotEquals(one.soname(), two.soname());
            bind(one, "first", "answer");
            assertEquals(1, call(two, "first"));
            bind(two, "first", "otherAnswer");
            assertEquals(42, call(one, "first"));
            assertEquals(43, call(two, "first"));
        }
    }

    @Test
    void isUnloadedWhenItIsClosed() {
        String soname;
        try (StubLibrary library = open()) {
            soname = library.soname();
        }
        assertTrue(NativeLibrary.ifLoaded(soname).isEmpty());
    }

    @Test
    void whatStaysLoadedFailsAndIsUsedAgain() throws Throwable {
        StubLibrary library = open();
        // As a model's library does that the dynamic loader cannot unload.
        try (NativeLibrary pinned = loaded(library)) {
            bind(library, "first", "answer");
            library.close();
            library.close();
            assertEquals(1, call(pinned.address("first")));
            assertThrows(IllegalStateException.class, () -> bind(library, "first", "answer"));
            try (StubLibrary again = open()) {
                assertEquals(library.soname(), again.soname());
                assertEquals(1, call(pinned.address("first")));
                bind(again, "first", "otherAnswer");
                assertEquals(43, call(pinned.address("first")));
            }
        }
    }

    @Test
    void leavesLibrariesWithOtherFunctionsAlone() throws Throwable {
        StubLibrary other =
                StubLibrary.open(
                        List.of("first"), NativeLibrary.ofSystem("libstdc++.so.6").orElseThrow());
        try (NativeLibrary _ = loaded(other)) {
            other.close();
            try (StubLibrary library = open()) {
                assertNotEquals(other.soname(), library.soname());
                assertEquals(1, call(library, "second"));
            }
        }
    }

    @Test
    void leavesForeignLibrariesOfItsNameAlone() throws Throwable {
        var writer = new SharedLibraryWriter(Machine.ofProcess(), "libaoti0.so", "data", 64);
        writer.function("first", Machine.ofProcess().failing());
        Path file = Files.write(folder.resolve("foreign.so"), writer.write());
        try (NativeLibrary _ = NativeLibrary.open(file);
                StubLibrary library = open()) {
            assertNotEquals("libaoti0.so", library.soname());
            assertEquals(1, call(library, "second"));
        }
    }

    @Test
    void isLoadedFromTheCache() throws Throwable {
        try (StubLibrary library = open()) {
            assertEquals(1, mappedFrom("cache/models/").count());
            assertEquals(6, call(library, "aoti_torch_dtype_float32"));
        }
    }

    @Test
    void replacesADamagedFile() throws Throwable {
        open().close();
        Path file;
        try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
            file = files.filter(f -> f.endsWith("libaoti0.so")).findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(file);
        byte[] damaged = bytes.clone();
        damaged[bytes.length / 2] ^= 1;
        Files.write(file, damaged);
        try (StubLibrary library = open()) {
            assertEquals(6, call(library, "aoti_torch_dtype_float32"));
            assertEquals(-1, Files.mismatch(file, Files.write(folder.resolve("good"), bytes)));
        }
    }

    @Test
    void isLoadedFromMemoryWhereThereIsNoCache() throws Throwable {
        Files.createFile(folder.resolve("cache"));
        String soname;
        try (StubLibrary library = open()) {
            soname = library.soname();
            assertTrue(mappedFrom("memfd:" + soname).count() > 0);
            bind(library, "first", "answer");
            assertEquals(42, call(library, "first"));
        }
        assertEquals(0, mappedFrom("memfd:" + soname).count());
    }

    /** The files of executable mappings whose names contain a text. */
    private static Stream<String> mappedFrom(String text) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("r-xp") && line.contains(text));
    }
}
