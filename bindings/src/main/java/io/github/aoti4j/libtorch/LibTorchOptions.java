package io.github.aoti4j.libtorch;

import io.github.aoti4j.core.Progress;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How to find libtorch, and how to set it up. Immutable.
 *
 * @param directory the folder that contains {@code libtorch_cpu.so}, or one whose {@code lib} does;
 *     null to search the usual places
 * @param threads how many threads one operator may use ({@code OMP_NUM_THREADS}); 0 keeps that
 *     variable, or else libtorch's default, one thread a core. Used only by the options that load
 *     libtorch, before anything else in the process has loaded OpenMP
 * @param progress receives the progress of unpacking the embedded libtorch, which takes seconds the
 *     first time
 */
public record LibTorchOptions(Path directory, int threads, Progress progress) {
    /** Searches the usual places, silently; threads as the environment says. */
    public static final LibTorchOptions DEFAULT = new LibTorchOptions(null, 0, Progress.NONE);

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException if the number of threads is negative
     */
    public LibTorchOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must not be negative, but is " + threads);
        }
        Objects.requireNonNull(progress, "progress");
    }

    /**
     * Sets the folder.
     *
     * @param folder the only folder to load from; null to search the usual places
     * @return new options
     */
    public LibTorchOptions withDirectory(Path folder) {
        return new LibTorchOptions(folder, threads, progress);
    }

    /**
     * Sets the number of threads. Small models run faster on one: waking others costs more than
     * they gain, and they spin between runs.
     *
     * @param count how many threads one operator may use; 0 for libtorch's default
     * @return new options
     */
    public LibTorchOptions withThreads(int count) {
        return new LibTorchOptions(directory, count, progress);
    }

    /**
     * Sets the listener.
     *
     * @param listener the listener
     * @return new options
     */
    public LibTorchOptions withProgress(Progress listener) {
        return new LibTorchOptions(directory, threads, listener);
    }
}
