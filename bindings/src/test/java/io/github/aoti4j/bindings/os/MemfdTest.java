package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.CLibrary;
import io.github.aoti4j.core.NativeException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

class MemfdTest {
    @TempDir Path folder;

    private static Memfd holding(byte[] contents) throws IOException {
        Memfd file = Memfd.create("test");
        try (FileChannel channel = file.open()) {
            channel.write(ByteBuffer.wrap(contents));
        }
        return file;
    }

    private static NativeLibrary load(Path library) throws IOException {
        Memfd file = holding(Files.readAllBytes(library));
        file.seal();
        return NativeLibrary.open(file);
    }

    private static int call(NativeLibrary library) throws Throwable {
        MemorySegment f = library.address("f");
        var shape = FunctionDescriptor.of(ValueLayout.JAVA_INT);
        return (int) Linker.nativeLinker().downcallHandle(f, shape).invokeExact();
    }

    @Test
    void holdsWhatIsWrittenToIt() throws IOException {
        try (Memfd file = holding(new byte[] {1, 2, 3});
                FileChannel channel = file.open()) {
            assertEquals(3, channel.size());
        }
    }

    @Test
    void sealedOneCannotBeWrittenTo() throws IOException {
        try (Memfd file = holding(new byte[] {1, 2, 3})) {
            file.seal();
            try (FileChannel channel = file.open()) {
                assertThrows(IOException.class, () -> channel.write(ByteBuffer.allocate(1)));
                assertThrows(IOException.class, () -> channel.truncate(1));
            }
        }
    }

    @Test
    void libraryKeepsItsFileUntilItIsClosed() throws Throwable {
        Path one = CLibrary.build(folder, "one", "int f(void) { return 1; }");
        Memfd file = holding(Files.readAllBytes(one));

        try (NativeLibrary library = NativeLibrary.open(file)) {
            assertEquals(1, call(library));
            assertTrue(Files.exists(Path.of(file.path())));
        }

        assertThrows(IllegalStateException.class, file::path);
    }

    @Test
    void eachFileIsALibraryOfItsOwn() throws Throwable {
        Path one = CLibrary.build(folder, "one", "int f(void) { return 1; }");
        Path two = CLibrary.build(folder, "two", "int f(void) { return 2; }");

        try (NativeLibrary first = load(one);
                NativeLibrary second = load(two)) {
            assertFalse(first.isSameAs(second));
            assertEquals(1, call(first));
            assertEquals(2, call(second));
        }
        try (NativeLibrary third = load(one);
                NativeLibrary fourth = load(one)) {
            assertFalse(third.isSameAs(fourth));
        }
    }

    @Test
    void noTwoPathsAreSpelledTheSame() {
        try (Memfd file = Memfd.create("test")) {
            String path = file.path();

            assertNotEquals(path, file.path());
            assertTrue(Files.exists(Path.of(path)), path);
        }
    }

    @Test
    void failureNamesTheFileAndNoDescriptor() throws IOException {
        try (Memfd file = holding(new byte[] {1, 2, 3})) {
            var e = assertThrows(NativeException.class, () -> NativeLibrary.open(file));

            assertTrue(e.getMessage().contains("test: "), e.getMessage());
            assertFalse(e.getMessage().contains("/proc"), e.getMessage());
        }
    }

    @Test
    void longAndForeignNamesAreCutToWhatTheSystemTakes() {
        Memfd.create("ä".repeat(500)).close();
    }

    @Test
    void closedOneIsGone() throws IOException {
        Memfd file = Memfd.create("aoti4j-closed");
        assertEquals(1, open("aoti4j-closed"));
        file.close();
        file.close();

        assertEquals(0, open("aoti4j-closed"));
        assertThrows(IllegalStateException.class, file::open);
    }

    private static long open(String name) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(file -> leadsTo(file, "/memfd:" + name)).count();
        }
    }

    private static boolean leadsTo(Path link, String name) {
        try {
            return Files.readSymbolicLink(link).toString().startsWith(name);
        } catch (IOException e) {
            return false;
        }
    }
}
