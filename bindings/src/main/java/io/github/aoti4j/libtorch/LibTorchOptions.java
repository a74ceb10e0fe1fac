package io.github.aoti4j.libtorch;

import io.github.aoti4j.core.Progress;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How to find libtorch, and how to set it up. Immutable.
 *
 * @param directory the folder that holds {@code libtorch_cpu.so}, or one whose {@code lib} does;
 *     null to look in the usual places
 * @param threads how many threads one operator may run on ({@code OMP_NUM_THREADS}); 0 leaves that
 *     variable, or else libtorch's default, which is one thread a core. Heeded only by the options
 *     that load libtorch, before anything else in the process has loaded OpenMP
 * @param progress hears how far the embedded libtorch is unpacked, which takes seconds the first
 *     time
 */
public record LibTorchOptions(Path directory, int threads, Progress progress) {
    /** Look in the usual places, silently; threads as the environment says. */
    public static final LibTorchOptions DEFAULT = new LibTorchOptions(null, 0, Progress.NONE);

    /**
     * Checks the components.
     *
     * @param directory a folder or null
     * @param threads a number of threads or 0
     * @param progress a listener
     * @throws IllegalArgumentException if the number of threads is negative
     */
    public LibTorchOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must not be negative, but is " + threads);
        }
        Objects.requireNonNull(progress, "progress");
    }

    /**
     * Returns these options with a folder.
     *
     * @param folder the folder to load from, and no other; null to look in the usual places
     * @return new options
     */
    public LibTorchOptions withDirectory(Path folder) {
        return new LibTorchOptions(folder, threads, progress);
    }

    /**
     * Returns these options with a number of threads. Small models answer faster on one: waking
     * others costs more than they help, and they spin between runs, at the cost of whatever else
     * wants the cores.
     *
     * @param count how many threads one operator may run on; 0 for libtorch's default
     * @return new options
     */
    public LibTorchOptions withThreads(int count) {
        return new LibTorchOptions(directory, count, progress);
    }

    /**
     * Returns these options with a listener.
     *
     * @param listener the listener
     * @return new options
     */
    public LibTorchOptions withProgress(Progress listener) {
        return new LibTorchOptions(directory, threads, listener);
    }
}
