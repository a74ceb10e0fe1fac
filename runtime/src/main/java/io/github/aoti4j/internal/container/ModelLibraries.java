package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.os.NativeLibrary;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The opened copies of a model's library, which its native containers use in turn.
 *
 * @param lock held by each run, where one must not see another; null where runs go on at once
 * @param closing closes the copies
 */
public record ModelLibraries(List<NativeLibrary> copies, ReentrantLock lock, Runnable closing)
        implements AutoCloseable {
    /** Returns the library of a container, by its number. */
    NativeLibrary of(int container) {
        return copies.get(container % copies.size());
    }

    @Override
    public void close() {
        closing.run();
    }
}
