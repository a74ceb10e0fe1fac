package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** How to make one of a model's calls: compiled once, and used by any number of threads. */
final class NodePlan {
    private final OperatorSchema schema;
    private final Arena arena;
    private final MemorySegment name;
    private final MemorySegment overload;

    /** Null for an operator of libtorch's or of a native library. */
    private final JavaOperator java;

    private final ArgumentMarshaller[] feeds;

    /** The same where the model brings the integers that the package leaves out as well. */
    private final ArgumentMarshaller[] fullFeeds;

    private final ResultUnmarshaller[] takes;
    private final ValueType[] resultTypes;
    private final int ints;
    private final int fullInts;
    private final int tensors;
    private final ResultChecks.Fetch[] fetches;
    private final int slotCount;
    private final int knownSizes;

    private NodePlan(Builder from) {
        this.schema = from.schema;
        this.arena = from.arena;
        this.name = arena.allocateFrom(schema.name());
        this.overload = arena.allocateFrom(schema.overload());
        this.java = from.java;
        this.feeds = from.feeds.toArray(ArgumentMarshaller[]::new);
        this.fullFeeds = from.fullFeeds.toArray(ArgumentMarshaller[]::new);
        this.takes = from.takes.toArray(ResultUnmarshaller[]::new);
        this.resultTypes = from.resultTypes.toArray(ValueType[]::new);
        int compared = from.takes.stream().mapToInt(ResultUnmarshaller::ints).sum();
        this.ints = compared + from.feeds.stream().mapToInt(ArgumentMarshaller::ints).sum();
        this.fullInts = compared + from.fullFeeds.stream().mapToInt(ArgumentMarshaller::ints).sum();
        this.fetches = from.fetches.toArray(ResultChecks.Fetch[]::new);
        this.slotCount = from.slotCount;
        this.knownSizes = from.knownSizes;
        this.tensors =
                from.feeds.stream().mapToInt(ArgumentMarshaller::tensors).sum()
                        + from.takes.stream().mapToInt(ResultUnmarshaller::tensors).sum();
    }

    /** Collects the ways of arguments and results, in their order. */
    static final class Builder {
        private final OperatorSchema schema;
        private final Arena arena = Arena.ofAuto();
        private final JavaOperator java;
        private final List<ArgumentMarshaller> feeds = new ArrayList<>();
        private final List<ArgumentMarshaller> fullFeeds = new ArrayList<>();
        private final List<ResultUnmarshaller> takes = new ArrayList<>();
        private final List<ValueType> resultTypes = new ArrayList<>();
        private List<ResultChecks.Fetch> fetches = List.of();
        private int slotCount;
        private int knownSizes;

        Builder(OperatorSchema schema) {
            this.schema = schema;
            this.java = JavaOperators.find(schema);
        }

        OperatorSchema schema() {
            return schema;
        }

        boolean isJava() {
            return java != null;
        }

        void feed(ValueType type, Literal value, Literal fullValue) {
            feeds.add(ArgumentMarshallers.of(value, type, arena));
            fullFeeds.add(ArgumentMarshallers.of(fullValue, type, arena));
        }

        void take(ValueType encoded, ResultUnmarshaller take) {
            resultTypes.add(encoded);
            takes.add(take);
        }

        /** Says what the results are compared with. */
        void checks(ResultChecks checks, int symbolCount) {
            fetches = checks.fetches();
            slotCount = checks.slotCount();
            knownSizes = symbolCount;
        }

        NodePlan build() {
            return new NodePlan(this);
        }
    }

    /** Says that a loaded model is going to make this call, until {@link #release}. */
    void use() {
        if (java != null) {
            java.use(schema);
        }
    }

    void release() {
        if (java != null) {
            java.release();
        }
    }

    /** Makes the call; what an operator in Java failed with is kept in the thread. */
    void run(
            OperatorThread thread,
            Call call,
            int numInts,
            MemorySegment intArguments,
            int numTensors,
            MemorySegment tensorArguments) {
        if (numTensors != tensors || (numInts != ints && numInts != fullInts)) {
            throw new IllegalStateException(
                    "the model calls %s with %d tensors and %d integers, and its package says %d and %d"
                            .formatted(schema.qualifiedName(), numTensors, numInts, tensors, ints));
        }
        if (java != null && !java.isBound()) {
            throw new OperatorException(
                    "operator %s has been taken back since the model was loaded"
                            .formatted(schema.qualifiedName()));
        }
        call.begin(schema.stackSize(), numInts, intArguments, numTensors, tensorArguments);
        call.size(slotCount, thread.sizes(), knownSizes, fetches);
        MemorySegment stack = call.stack();
        fill(stack, numInts == ints ? feeds : fullFeeds, call);
        if (java != null) {
            java.call(stack, call.slot(), thread);
        } else {
            dispatch(stack);
        }
        takeAll(stack, call, thread);
    }

    private void dispatch(MemorySegment stack) {
        try {
            DispatcherApi.call(name, overload, stack);
        } catch (NativeException e) {
            throw new NativeException(schema.qualifiedName(), e.nativeMessage());
        }
    }

    private void fill(MemorySegment stack, ArgumentMarshaller[] from, Call call) {
        int made = 0;
        try {
            for (; made < from.length; made++) {
                stack.setAtIndex(JAVA_LONG, made, from[made].make(call));
            }
        } catch (Throwable e) {
            for (int i = 0; i < made; i++) {
                ValueType type = schema.arguments().get(i).type();
                Values.release(type, stack.getAtIndex(JAVA_LONG, i), call.slot());
            }
            throw e;
        }
    }

    /** All results are this thread's to delete, whatever becomes of them. */
    private void takeAll(MemorySegment stack, Call call, OperatorThread thread) {
        RuntimeException failure = null;
        for (int i = 0; i < takes.length; i++) {
            long bits = stack.getAtIndex(JAVA_LONG, i);
            try {
                if (failure == null && !thread.hasFailed()) {
                    takes[i].give(bits, call, schema.qualifiedName());
                }
            } catch (RuntimeException e) {
                failure = e;
            } finally {
                Values.release(resultTypes[i], bits, call.slot());
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
