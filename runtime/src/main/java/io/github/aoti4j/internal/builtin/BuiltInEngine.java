package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.bindings.torch.TensorApi;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The engine without libtorch, as one model uses it. */
@SuppressWarnings("DoNotCallSuggester")
public final class BuiltInEngine implements AutoCloseable {
    private BuiltInEngine() {}

    /** Returns those of a model's undefined symbols that nothing but libtorch has. */
    public static List<String> missing(Collection<String> undefinedSymbols) {
        return List.copyOf(undefinedSymbols); // until the stub library is there
    }

    /** Returns why no model of this process can use the engine; empty if they can. */
    public static Optional<String> obstacle() {
        return Optional.empty();
    }

    /** Returns why libtorch is faster for a model; empty if it is not. */
    public static Optional<String> slower(Collection<String> undefinedSymbols) {
        return Optional.empty();
    }

    /**
     * Makes the functions that a model calls ready. Closed when the model's library is closed.
     *
     * @param undefinedSymbols the model's
     * @param intraOpThreads how many threads one operator may use, if OpenMP is not loaded yet; 0
     *     for its default
     */
    public static BuiltInEngine open(Collection<String> undefinedSymbols, int intraOpThreads) {
        throw new UnsupportedOperationException("until the stub library is there");
    }

    /** Returns the name by which the model's library needs the functions. */
    public String soname() {
        throw new UnsupportedOperationException("until the stub library is there");
    }

    /** Returns what the Java side of runs calls. */
    public TensorApi tensors() {
        throw new UnsupportedOperationException("until the stub library is there");
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("until the stub library is there");
    }
}
