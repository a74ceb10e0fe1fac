package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.model.RunArguments;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.ProxyExecutorObject;
import io.github.aoti4j.bindings.torch.TorchExecutor;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

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

    /** PyTorch's own, for the calls that only that can make; null if there are none. */
    private final TorchExecutor torch;

    /**
     * Takes plans without problems; throws if an operator in Java has changed since they were made,
     * or if PyTorch refuses a call.
     */
    public ProxyExecutor(ProxyPlans plans) {
        OperatorThread.prepare();
        this.plans = plans.nodes().toArray(NodePlan[]::new);
        this.inputSizes = new InputSizes(plans.symbols());
        int used = 0;
        TorchExecutor executor = null;
        try {
            executor = plans.executed().map(ProxyExecutor::torch).orElse(null);
            for (; used < this.plans.length; used++) {
                this.plans[used].retain();
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, releases(used, executor));
            throw e;
        }
        this.torch = executor;
        this.object = ProxyExecutorObject.allocate(this::call, arena);
    }

    private static TorchExecutor torch(String calls) {
        try {
            return new TorchExecutor(calls);
        } catch (NativeException e) {
            throw new IncompatibleModelException(
                    "the model calls operators in a way that PyTorch's own executor of such calls"
                            + " refuses: "
                            + e.nativeMessage(),
                    e);
        }
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
            plans[node].run(torch, thread, call, numInts, ints, numTensors, tensors);
        } catch (Throwable e) {
            thread.fail(e, "node " + node);
        } finally {
            thread.leave(call);
        }
    }

    /** Frees the object; no run may be using it. */
    @Override
    public void close() {
        Closeables.closeAll(releases(plans.length, torch));
    }

    private List<AutoCloseable> releases(int count, TorchExecutor executor) {
        List<AutoCloseable> releases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            releases.add(plans[i]::release);
        }
        releases.add(arena);
        if (executor != null) {
            releases.add(executor);
        }
        return releases;
    }
}
