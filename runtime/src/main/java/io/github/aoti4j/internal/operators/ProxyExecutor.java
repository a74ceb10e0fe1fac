package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.model.RunArguments;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.ProxyExecutorObject;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a model's calls to operators: one for each container, used by all threads that run it.
 *
 * <p>An operator's failure is kept in the thread; the run throws it by {@link #throwFailure},
 * whatever the model itself has returned.
 */
public final class ProxyExecutor implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final NodePlan[] plans;
    private final InputSizes inputSizes;

    private final MemorySegment object;

    /**
     * Takes plans without problems; throws if an operator in Java has changed since they were made.
     */
    public ProxyExecutor(ProxyPlans plans) {
        OperatorThread.prepare();
        this.plans = plans.nodes().toArray(NodePlan[]::new);
        this.inputSizes = new InputSizes(plans.symbols());
        int used = 0;
        try {
            for (; used < this.plans.length; used++) {
                this.plans[used].retain();
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, releases(used));
            throw e;
        }
        this.object = ProxyExecutorObject.allocate(this::call, arena);
    }

    /** Returns the C++ object, valid until {@link #close}. */
    public MemorySegment object() {
        return object;
    }

    /**
     * Begins a run on this thread, with eight bytes of scratch; returns what {@link #end} needs.
     */
    public long[] begin(RunArguments run, long scratch) {
        return OperatorThread.current()
                .enterRun(inputSizes, run.inputs(), run.inputCount(), scratch);
    }

    public static void end(long[] outer) {
        OperatorThread.current().leaveRun(outer);
    }

    /** Throws what an operator has failed with on this thread, if one has, and forgets it. */
    public static void throwFailure() {
        OperatorThread.current().throwFailure();
    }

    /** Called by the model; nothing may be thrown. */
    private void call(
            int node, int numInts, MemorySegment ints, int numTensors, MemorySegment tensors) {
        OperatorThread thread = OperatorThread.current();
        if (thread.hasFailed()) {
            return;
        }
        Call call = thread.enter();
        try {
            if (node < 0 || node >= plans.length) {
                throw new IllegalStateException(
                        "the model calls operator %d, and its package lists %d"
                                .formatted(node, plans.length));
            }
            plans[node].run(thread, call, numInts, ints, numTensors, tensors);
        } catch (Throwable e) {
            thread.fail(e, "node " + node);
        } finally {
            thread.leave(call);
        }
    }

    /** Frees the object; no run may be using it. */
    @Override
    public void close() {
        Closeables.closeAll(releases(plans.length));
    }

    private List<AutoCloseable> releases(int count) {
        List<AutoCloseable> releases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            releases.add(plans[i]::release);
        }
        releases.add(arena);
        return releases;
    }
}
