package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.bindings.torch.TorchExecutor;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.operators.ArgumentMarshaller.NextInt;
import io.github.aoti4j.internal.operators.ArgumentMarshaller.NextTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A call of an operator in Java, or through the C function of libtorch's dispatcher. */
final class DispatchedNode implements NodePlan {
    private final OperatorSchema schema;
    private final MemorySegment name;
    private final MemorySegment overload;

    /** Null for an operator of libtorch or of a native library. */
    private final JavaOperator java;

    private final ArgumentMarshaller[] arguments;

    /** For calls in which the model also passes the integers that the package leaves out. */
    private final ArgumentMarshaller[] fullArguments;

    private final ResultUnmarshaller[] results;
    private final ValueType[] resultTypes;
    private final int ints;
    private final int fullInts;
    private final int tensors;
    private final ResultChecks.Fetch[] fetches;
    private final int slotCount;
    private final int knownSizes;

    /**
     * Combines the parts.
     *
     * @param java null for an operator of libtorch or of a native library
     * @param arena owns what the marshallers point to
     * @param resultTypes as {@link ResultEncoding} says
     * @param knownSizes how many sizes follow from the model's inputs
     */
    DispatchedNode(
            OperatorSchema schema,
            JavaOperator java,
            Arena arena,
            List<ArgumentMarshaller> arguments,
            List<ArgumentMarshaller> fullArguments,
            List<ResultUnmarshaller> results,
            List<ValueType> resultTypes,
            ResultChecks checks,
            int knownSizes) {
        this.schema = schema;
        this.java = java;
        this.name = arena.allocateFrom(schema.name());
        this.overload = arena.allocateFrom(schema.overload());
        this.arguments = arguments.toArray(ArgumentMarshaller[]::new);
        this.fullArguments = fullArguments.toArray(ArgumentMarshaller[]::new);
        this.results = results.toArray(ResultUnmarshaller[]::new);
        this.resultTypes = resultTypes.toArray(ValueType[]::new);
        this.fetches = checks.fetches().toArray(ResultChecks.Fetch[]::new);
        this.slotCount = checks.slotCount();
        this.knownSizes = knownSizes;
        int compared = results.stream().mapToInt(ResultUnmarshaller::ints).sum();
        this.ints = compared + count(arguments, NextInt.class);
        this.fullInts = compared + count(fullArguments, NextInt.class);
        this.tensors =
                count(arguments, NextTensor.class)
                        + results.stream().mapToInt(ResultUnmarshaller::tensors).sum();
    }

    private static int count(
            List<ArgumentMarshaller> arguments, Class<? extends ArgumentMarshaller> kind) {
        return arguments.stream().mapToInt(argument -> argument.count(kind)).sum();
    }

    @Override
    public void retain() {
        if (java != null) {
            java.retain(schema);
        }
    }

    @Override
    public void release() {
        if (java != null) {
            java.release();
        }
    }

    @Override
    public void run(
            TorchExecutor executor,
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
        JavaOperator.Binding bound = java == null ? null : java.binding();
        if (java != null && bound == null) {
            throw new OperatorException(
                    "operator %s has been removed since the model was loaded"
                            .formatted(schema.qualifiedName()));
        }
        call.begin(schema.stackSize(), numInts, intArguments, numTensors, tensorArguments);
        call.size(slotCount, thread.sizes(), knownSizes, fetches);
        MemorySegment stack = call.stack();
        marshal(stack, numInts == ints ? arguments : fullArguments, call);
        if (bound != null) {
            bound.call(stack, call.slot(), thread);
        } else {
            dispatch(stack);
        }
        unmarshal(stack, call, thread);
    }

    private void dispatch(MemorySegment stack) {
        try {
            DispatcherApi.call(name, overload, stack);
        } catch (NativeException e) {
            throw new NativeException(schema.qualifiedName(), e.nativeMessage());
        }
    }

    private void marshal(MemorySegment stack, ArgumentMarshaller[] from, Call call) {
        int made = 0;
        try {
            for (; made < from.length; made++) {
                stack.setAtIndex(JAVA_LONG, made, from[made].marshal(call));
            }
        } catch (Throwable e) {
            for (int i = 0; i < made; i++) {
                ValueType type = schema.arguments().get(i).type();
                long bits = stack.getAtIndex(JAVA_LONG, i);
                Closeables.closeAfter(e, () -> Values.release(type, bits, call.slot()));
            }
            throw e;
        }
    }

    /** Deletes all results, which are this thread's, whether they can be handed over or not. */
    private void unmarshal(MemorySegment stack, Call call, OperatorThread thread) {
        RuntimeException failure = null;
        for (int i = 0; i < results.length; i++) {
            long bits = stack.getAtIndex(JAVA_LONG, i);
            try {
                if (failure == null && !thread.hasFailed()) {
                    results[i].unmarshal(bits, call, schema.qualifiedName());
                }
            } catch (RuntimeException e) {
                failure = e;
            }
            try {
                Values.release(resultTypes[i], bits, call.slot());
            } catch (RuntimeException e) {
                failure = Closeables.join(failure, e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
