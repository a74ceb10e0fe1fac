package io.github.aoti4j;

/**
 * Hears what happens to models: loads, runs, and waits for a runner. Given to {@link
 * ModelOptions#listener}; {@code aoti4j-micrometer} has one for Micrometer.
 *
 * <p>Without a listener a run only tests that there is none. With one it reads the clock twice and
 * makes a call, some tens of nanoseconds together, and still allocates nothing. A run that need not
 * wait does not read the clock for that.
 *
 * <p>Methods are called on the thread that loads or runs, by several threads at once, and while the
 * run holds its runner: they should be short and must be thread-safe. What they throw is logged
 * once for each listener, and affects neither the run nor the load.
 */
public interface ModelListener {
    /**
     * A model has been loaded.
     *
     * @param model the model, which the caller of load gets next; a listener that outlives it holds
     *     it by a weak reference
     * @param nanos how long that took; with {@link Model#load}, opening the package included
     */
    default void loaded(Model model, long nanos) {}

    /**
     * A model has not been loaded.
     *
     * @param failure what load throws
     * @param nanos how long that took
     */
    default void loadFailed(Throwable failure, long nanos) {}

    /**
     * The model's native code has run. On a CUDA device, work has been given to a stream, which may
     * still do it; launches of a captured graph are not heard of.
     *
     * @param nanos how long that took, without waiting for a runner and without checks of inputs
     */
    default void ran(long nanos) {}

    /**
     * A run has failed. Inputs that are refused have not been run, and are not heard of.
     *
     * @param failure what the run throws
     * @param nanos how long it took
     */
    default void runFailed(Throwable failure, long nanos) {}

    /**
     * A run has waited, because all runners were in use or constants were being exchanged. Called
     * before the run.
     *
     * @param nanos how long it waited
     */
    default void waited(long nanos) {}
}
