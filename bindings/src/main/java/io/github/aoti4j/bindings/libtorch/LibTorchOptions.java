package io.github.aoti4j.bindings.libtorch;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How to find libtorch. Immutable.
 *
 * @param directory the folder that holds {@code libtorch_cpu.so}, or one whose {@code lib} does;
 *     null to look in the usual places
 * @param progress hears how far the embedded libtorch is unpacked, which takes seconds the first
 *     time
 */
public record LibTorchOptions(Path directory, Progress progress) {
    /** Look in the usual places, silently. */
    public static final LibTorchOptions DEFAULT = new LibTorchOptions(null, Progress.NONE);

    /**
     * Checks the components.
     *
     * @param directory a folder or null
     * @param progress a listener
     */
    public LibTorchOptions {
        Objects.requireNonNull(progress, "progress");
    }

    /**
     * Returns these options with a folder.
     *
     * @param directory the folder to load from, and no other; null to look in the usual places
     * @return new options
     */
    public LibTorchOptions withDirectory(Path directory) {
        return new LibTorchOptions(directory, progress);
    }

    /**
     * Returns these options with a listener.
     *
     * @param progress the listener
     * @return new options
     */
    public LibTorchOptions withProgress(Progress progress) {
        return new LibTorchOptions(directory, progress);
    }
}
