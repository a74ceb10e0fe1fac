package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.bindings.torch.TorchExecutor;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.operators.ResultUnmarshaller.OneTensor;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A call that PyTorch's own executor makes. Its results become tensors of ours, which are checked
 * before the model gets them.
 */
final class ExecutedNode implements NodePlan {
    /**
     * How many tensors more an operator may return in a list than the model was compiled for: the
     * executor writes them before it notices.
     */
    private static final int SPARE = 64;

    /** Where an integer that the model passes comes from. */
    enum IntOrigin {
        /** The package has it, or its place; the executor takes it. */
        STATED,

        /** The package leaves it out, since it is the default, and so does the executor. */
        DEFAULT
    }

    private final String operator;
    private final int index;
    private final String json;
    private final boolean[] isStated;
    private final int statedInts;
    private final int resultInts;
    private final int inputs;

    /** Null for those that the model does not use. */
    private final OneTensor[] results;

    private final int used;
    private final int spare;
    private final ResultChecks.Fetch[] fetches;
    private final int slotCount;
    private final int knownSizes;

    /**
     * Combines the parts.
     *
     * @param index among the calls that the executor makes
     * @param json the call, as the executor reads it
     * @param ints of the arguments, in the order of the schema
     * @param inputs how many tensors are arguments
     * @param results tensors; null for those that the model does not use
     * @param hasList whether a result is a list
     * @param resultInts how many results are integers
     */
    ExecutedNode(
            String operator,
            int index,
            String json,
            List<IntOrigin> ints,
            int inputs,
            List<OneTensor> results,
            boolean hasList,
            int resultInts,
            ResultChecks checks,
            int knownSizes) {
        this.operator = operator;
        this.index = index;
        this.json = json;
        this.isStated = new boolean[ints.size()];
        int stated = 0;
        for (int i = 0; i < isStated.length; i++) {
            isStated[i] = ints.get(i) == IntOrigin.STATED;
            stated += isStated[i] ? 1 : 0;
        }
        this.statedInts = stated;
        this.resultInts = resultInts;
        this.inputs = inputs;
        this.results = results.toArray(OneTensor[]::new);
        this.used = (int) results.stream().filter(result -> result != null).count();
        this.spare = hasList ? SPARE : 0;
        this.fetches = checks.fetches().toArray(ResultChecks.Fetch[]::new);
        this.slotCount = checks.slotCount();
        this.knownSizes = knownSizes;
    }

    /** Returns the call, as the executor reads it. */
    String json() {
        return json;
    }

    @Override
    public void run(
            TorchExecutor executor,
            OperatorThread thread,
            Call call,
            int numInts,
            MemorySegment ints,
            int numTensors,
            MemorySegment tensors) {
        int expected = statedInts + resultInts;
        boolean isFull = numInts == isStated.length + resultInts;
        if (numTensors != inputs + used || (numInts != expected && !isFull)) {
            throw new IllegalStateException(
                    "the model calls %s with %d tensors and %d integers, and its package says %d and %d"
                            .formatted(operator, numTensors, numInts, inputs + used, expected));
        }
        call.begin(expected, numInts, ints, numTensors, tensors);
        call.size(slotCount, thread.sizes(), knownSizes, fetches);
        MemorySegment passed = numInts != expected ? stated(call.stack(), call, numInts) : ints;
        int made = 0;
        MemorySegment handles = call.handles(inputs + results.length + spare + 1);
        RuntimeException failure = null;
        try {
            for (int i = 0; i < inputs; i++) {
                handles.setAtIndex(ADDRESS, i, call.nextTensor());
            }
            int owned = results.length + (spare > 0 ? 1 : 0);
            for (; made < owned; made++) {
                TorchApi.newUndefinedTensor(call.slot());
                handles.setAtIndex(ADDRESS, inputs + made, call.slot().get(ADDRESS, 0));
            }
            for (int i = 1; i < spare; i++) {
                long last = (long) inputs + results.length;
                handles.setAtIndex(ADDRESS, last + i, handles.getAtIndex(ADDRESS, last));
            }
            execute(executor, expected, passed, handles);
            for (int i = 0; i < results.length && !thread.hasFailed(); i++) {
                if (results[i] != null) {
                    results[i].assign(handles.getAtIndex(JAVA_LONG, inputs + i), call);
                }
            }
        } catch (RuntimeException e) {
            failure = e;
        }
        for (int i = 0; i < made; i++) {
            try {
                TorchApi.deleteTensor(handles.getAtIndex(ADDRESS, inputs + i));
            } catch (RuntimeException e) {
                failure = Closeables.join(failure, e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void execute(
            TorchExecutor executor, int intCount, MemorySegment ints, MemorySegment handles) {
        try {
            executor.call(index, intCount, ints, inputs + results.length, handles);
        } catch (NativeException e) {
            throw new NativeException(operator, e.nativeMessage());
        }
    }

    /** Leaves out the integers that the executor does not take. */
    private MemorySegment stated(MemorySegment to, Call call, int count) {
        int at = 0;
        for (int i = 0; i < count; i++) {
            long value = call.nextInt();
            if (i >= isStated.length || isStated[i]) {
                to.setAtIndex(JAVA_LONG, at++, value);
            }
        }
        return to;
    }
}
