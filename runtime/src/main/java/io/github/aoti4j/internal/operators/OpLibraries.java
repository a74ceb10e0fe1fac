package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Native libraries that register operators when they are opened. They stay open for the life of the
 * process: PyTorch keeps pointers into them.
 */
public final class OpLibraries {
    private static final Map<Path, NativeLibrary> OPENED = new HashMap<>();

    private OpLibraries() {}

    /**
     * Opens those that are not open yet; the exception names the first that cannot be opened, and
     * why.
     */
    public static void open(List<Path> files) {
        // Registering and asking must not overlap.
        synchronized (JavaOperators.LOCK) {
            for (Path file : files) {
                open(file);
            }
        }
    }

    private static void open(Path file) {
        try {
            OPENED.computeIfAbsent(file.toRealPath(), NativeLibrary::open);
        } catch (NoSuchFileException e) {
            throw new AotiException(
                    "operator library " + file + ": there is no such file; check the path", e);
        } catch (IOException e) {
            throw new AotiException("operator library " + file + " cannot be read: " + e, e);
        } catch (NativeException e) {
            throw new IncompatibleModelException(
                    "operator library %s cannot be opened: %s; it has to be built for this libtorch, and without libtorch_python"
                            .formatted(file, e.nativeMessage()),
                    e);
        }
    }
}
