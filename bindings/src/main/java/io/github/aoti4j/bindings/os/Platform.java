package io.github.aoti4j.bindings.os;

import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What depends on the operating system and the machine: Linux on x86-64 with glibc, so far.
 *
 * <p>Stateless and thread-safe.
 */
public final class Platform {
    /** The classifier of Maven artifacts with natives for this platform. */
    public static final String CLASSIFIER = "linux-x86_64";

    /** The folders of glibc's loader and of the usual installers of libtorch. */
    public static final List<Path> LIBRARY_FOLDERS =
            List.of(
                    Path.of("/usr/local/lib/x86_64-linux-gnu"),
                    Path.of("/usr/local/lib64"),
                    Path.of("/usr/local/lib"),
                    Path.of("/usr/lib/x86_64-linux-gnu"),
                    Path.of("/usr/lib64"),
                    Path.of("/usr/lib"),
                    Path.of("/usr/local/libtorch/lib"),
                    Path.of("/opt/libtorch/lib"));

    // File names are bytes to Linux; this is how the JDK turned them into strings.
    private static final Charset FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private Platform() {}

    /**
     * Refuses platforms on which nothing of this library can work.
     *
     * @throws IncompatibleModelException on anything but Linux on x86-64, or if the JVM does not
     *     permit this library to call native code
     */
    public static void requireSupported() {
        requireSupported(System.getProperty("os.name"), System.getProperty("os.arch"));
        NativeAccess.require();
    }

    static void requireSupported(String system, String machine) {
        boolean linux = system.toLowerCase(Locale.ROOT).equals("linux");
        boolean x86 = machine.equals("amd64") || machine.equals("x86_64");
        if (!linux || !x86) {
            throw new IncompatibleModelException(
                    "aoti4j runs on Linux x86-64 only so far, and this is %s on %s"
                            .formatted(system, machine));
        }
    }

    /** Returns a path's bytes and a zero byte, as C functions expect. */
    public static MemorySegment nativePath(Arena arena, Path path) {
        byte[] name = path.toString().getBytes(FILE_NAMES);
        MemorySegment segment = arena.allocate(name.length + 1L);
        MemorySegment.copy(name, 0, segment, ValueLayout.JAVA_BYTE, 0, name.length);
        return segment;
    }

    /** Returns the number of the user that this process acts as. */
    public static int userId() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self").toRealPath(), "unix:uid");
    }
}
