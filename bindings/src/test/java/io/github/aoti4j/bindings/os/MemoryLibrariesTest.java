package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.CLibrary;
import io.github.aoti4j.core.NativeException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

class MemoryLibrariesTest {
    /** Registers a destructor with the thread, as a thread-local object in C++ does. */
    private static final String THREAD_LOCAL =
            """
            extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
            extern void *__dso_handle;
            static void destroy(void *object) {}
            int f(void) { return __cxa_thread_atexit_impl(destroy, 0, &__dso_handle); }
            """;

    @TempDir Path folder;

    private static NativeLibrary load(String key, byte[] contents) throws IOException {
        return MemoryLibraries.open(
                key, "of-tests " + key, file -> file.write(ByteBuffer.wrap(contents)));
    }

    private static int call(NativeLibrary library) throws Throwable {
        var shape = FunctionDescriptor.of(ValueLayout.JAVA_INT);
        return (int)
                Linker.nativeLinker().downcallHandle(library.address("f"), shape).invokeExact();
    }

    @Test
    void loadsOneOfEachContentAndLetsItGoWithItsLastUser() throws Throwable {
        byte[] one = build("one", "int f(void) { return 1; }");
        byte[] two = build("two", "int f(void) { return 2; }");
        try (NativeLibrary first = load("one", one);
                NativeLibrary second = load("two", two);
                NativeLibrary again = load("one", null)) {
            assertFalse(first.isSameAs(second));
            assertTrue(first.isSameAs(again));
            assertEquals(1, call(again));
            assertEquals(2, call(second));
        }
        assertEquals(0, loaded());
        assertEquals(0, open());
    }

    @Test
    void usesTheLibraryAgainThatAThreadKeepsLoaded() throws Throwable {
        byte[] contents = build("kept", THREAD_LOCAL);
        Thread thread =
                new Thread(
                        () -> {
                            for (int i = 0; i < 5; i++) {
                                try (NativeLibrary library = load("kept", contents)) {
                                    assertEquals(0, call(library));
                                } catch (Throwable e) {
                                    throw new AssertionError(e);
                                }
                            }
                            assertEquals(1, loaded(), "by this thread");
                        });
        Throwable[] failure = new Throwable[1];
        thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
        thread.start();
        thread.join();
        assertEquals(null, failure[0]);
        load("next", build("next", "int f(void) { return 3; }")).close();
        assertEquals(0, loaded(), "the thread has ended");
        assertEquals(0, open());
    }

    @Test
    void keepsNothingOfWhatCannotBeLoadedOrWritten() throws Throwable {
        assertThrows(NativeException.class, () -> load("bad", new byte[] {1, 2, 3}));
        assertThrows(
                IOException.class,
                () ->
                        MemoryLibraries.open(
                                "bad",
                                "of-tests bad",
                                _ -> {
                                    throw new IOException("no room");
                                }));
        assertEquals(0, open());
        try (NativeLibrary good = load("bad", build("good", "int f(void) { return 4; }"))) {
            assertEquals(4, call(good));
        }
    }

    private byte[] build(String name, String source) throws Exception {
        return Files.readAllBytes(CLibrary.build(folder, name, source));
    }

    private static long loaded() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains(" r-xp ") && line.contains("of-tests"))
                    .count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long open() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(MemoryLibrariesTest::isOfTests).count();
        }
    }

    private static boolean isOfTests(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().startsWith("/memfd:of-tests");
        } catch (IOException e) {
            return false;
        }
    }
}
