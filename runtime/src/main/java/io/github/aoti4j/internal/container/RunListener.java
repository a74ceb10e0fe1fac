package io.github.aoti4j.internal.container;

/** Hears of the runs of a model, on their threads and within them. What it does must not fail. */
public interface RunListener {
    void ran(long nanos);

    void runFailed(Throwable failure, long nanos);

    /** A run has waited for its permit. */
    void waited(long nanos);
}
