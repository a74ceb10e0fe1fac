package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.os.PerThread;

import java.lang.foreign.MemorySegment;

/**
 * The state of operators on one thread. No exception may pass through native code, so the first one
 * is kept here until the run that led to it has returned to Java; until then no further operator
 * computes.
 *
 * <p>Runs nest: an operator written in Java may run another model. That run begins while no failure
 * is kept, and throws its own before it returns.
 */
final class OperatorThread {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private static final PerThread<OperatorThread> CURRENT = new PerThread<>(OperatorThread::new);

    private Throwable failure;

    /** How many calls of our executors this thread is in. */
    private int depth;

    /** Null while a call uses it. */
    private Call spare = new Call();

    /** The sizes that follow from the inputs of the current run; null outside of one. */
    private long[] sizes;

    /** The array for a run that is not nested in another. */
    private long[] spareSizes = new long[8];

    private OperatorThread() {}

    static OperatorThread current() {
        return CURRENT.get();
    }

    /** Begins a run; returns what {@link #leaveRun} needs. */
    long[] enterRun(InputSizes symbols, MemorySegment inputs, int count, long slot) {
        long[] outer = sizes;
        long[] own = spareSizes;
        if (outer != null || own.length < symbols.count()) {
            own = new long[Math.max(symbols.count(), own.length)];
            spareSizes = outer == null ? own : spareSizes;
        }
        symbols.read(inputs, count, slot, own);
        sizes = own;
        return outer;
    }

    void leaveRun(long[] outer) {
        sizes = outer;
    }

    long[] sizes() {
        return sizes;
    }

    /**
     * Initializes what a call from native code needs before it can catch anything: a class that
     * cannot be loaded then, because its class loader has been closed, ends the process.
     */
    static void prepare() {
        OperatorThread thread = current();
        thread.leave(thread.enter());
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** Begins a call of an executor, until {@link #leave}. */
    Call enter() {
        depth++;
        Call call = spare;
        spare = null;
        return call == null ? new Call() : call;
    }

    void leave(Call call) {
        spare = call;
        depth--;
    }

    /** Keeps the failure of an operator. */
    void fail(Throwable cause, String operator) {
        if (depth == 0) {
            // Other native code has called: no run will ask for the failure.
            LOG.log(
                    System.Logger.Level.ERROR,
                    "operator " + operator + " failed in a call that did not come from a model",
                    cause);
        } else if (failure == null) {
            failure = cause;
        }
    }

    /** Throws the failure that is kept, if any, and forgets it. */
    void throwFailure() {
        if (failure != null) {
            Throwable thrown = failure;
            failure = null;
            throw OperatorThread.<RuntimeException>unchecked(thrown);
        }
    }

    /** Throws checked exceptions unchanged, too. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
