package io.github.aoti4j.internal.preflight;

/**
 * The answer to one question of whether a model can run here.
 *
 * @param ok whether nothing stands in the way
 * @param message what the model needs and what is here; if not ok, also what to do
 */
public record Finding(Subject subject, boolean ok, String message) {
    /** What a question is about. */
    public enum Subject {
        /** The device that the model computes on. */
        DEVICE,
        /** The operating system. */
        PLATFORM,
        /** The machine's instruction set. */
        MACHINE,
        /** The CPU's extensions. */
        CPU,
        /** What compiles a package of source only. */
        COMPILER,
        /** The functions that a model exports. */
        FUNCTIONS,
        /** The functions that libtorch exports. */
        LIBTORCH,
        /** The operators that it calls through PyTorch's dispatcher. */
        OPERATORS
    }
}
