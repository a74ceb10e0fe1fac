package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.fail;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;
import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One call of an operator with the same arguments on both sides: libtorch's function and ours.
 * Tensors and results of one case live until it is closed.
 */
final class BothSides implements AutoCloseable {
    /** An argument whose value differs between the sides. */
    interface Argument {
        /** Returns the value for libtorch or for us. */
        long value(boolean ours);
    }

    private final Arena arena = Arena.ofConfined();
    private final List<TestTensor> tensors = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private BuiltInFailure failure;

    BothSides() {
        LibTorch.load();
    }

    /** Makes a tensor over memory that both sides read; writing it fails the case. */
    TestTensor input(TensorSpec spec) {
        return add(TestTensor.shared(spec, arena));
    }

    /** Makes a tensor that each side has its own copy of, for operators that write it. */
    TestTensor output(TensorSpec spec) {
        return add(TestTensor.copied(spec, arena));
    }

    private TestTensor add(TestTensor tensor) {
        tensors.add(tensor);
        return tensor;
    }

    /** Returns a slot for a new handle, which the case deletes. */
    Result result() {
        Result result = new Result(arena);
        results.add(result);
        return result;
    }

    /** Returns {@code AtenTensorHandle*} of an optional tensor; null is absence. */
    Argument optional(TestTensor tensorOrNull) {
        return tensorOrNull == null ? _ -> 0 : tensors(List.of(tensorOrNull));
    }

    /** Returns {@code double*} of an optional number; null is absence. */
    Argument optional(Double numberOrNull) {
        return numberOrNull == null ? _ -> 0 : same(arena.allocateFrom(JAVA_DOUBLE, numberOrNull));
    }

    /** Returns {@code int64_t*} of an array. */
    Argument longs(long... values) {
        return same(arena.allocateFrom(JAVA_LONG, Arrays.copyOf(values, values.length + 1)));
    }

    /** Returns {@code AtenTensorHandle*} of a list of tensors. */
    Argument tensors(List<TestTensor> list) {
        MemorySegment libtorch = arena.allocate(JAVA_LONG, list.size() + 1);
        MemorySegment ours = arena.allocate(JAVA_LONG, list.size() + 1);
        for (int i = 0; i < list.size(); i++) {
            libtorch.setAtIndex(JAVA_LONG, i, list.get(i).value(false));
            ours.setAtIndex(JAVA_LONG, i, list.get(i).value(true));
        }
        return our -> our ? ours.address() : libtorch.address();
    }

    /** Returns {@code AtenTensorHandle**} of a list of optional tensors. */
    Argument optionals(List<TestTensor> list) {
        MemorySegment libtorch = arena.allocate(JAVA_LONG, list.size() + 1);
        MemorySegment ours = arena.allocate(JAVA_LONG, list.size() + 1);
        for (int i = 0; i < list.size(); i++) {
            Argument pointer = optional(list.get(i));
            libtorch.setAtIndex(JAVA_LONG, i, pointer.value(false));
            ours.setAtIndex(JAVA_LONG, i, pointer.value(true));
        }
        return our -> our ? ours.address() : libtorch.address();
    }

    private static Argument same(MemorySegment memory) {
        return _ -> memory.address();
    }

    /**
     * Calls both sides. Both must succeed or both fail, ours with a message of its own.
     *
     * @param arguments Long, Integer, Double or {@link Argument} each
     * @return whether both have succeeded
     */
    boolean call(Operator operator, Object... arguments) {
        boolean expected = callLibTorch(operator, arguments);
        boolean actual = callOurs(operator, arguments);
        if (expected != actual) {
            fail(
                    expected
                            ? "libtorch answers %s, ours fails: %s".formatted(operator, failure)
                            : "libtorch refuses what ours answers: %s"
                                    .formatted(describe(operator, arguments)));
        }
        for (TestTensor tensor : tensors) {
            tensor.requireIntact(() -> describe(operator, arguments));
        }
        return expected;
    }

    /** Calls libtorch alone, and returns whether it succeeded. */
    boolean callLibTorch(Operator operator, Object... arguments) {
        try {
            return operator.callLibTorch(values(arguments, false));
        } catch (Throwable e) {
            throw new AssertionError(describe(operator, arguments), e);
        }
    }

    /** Calls ours alone, and returns whether it succeeded; else {@link #failure()} says why. */
    boolean callOurs(Operator operator, Object... arguments) {
        try {
            operator.callOurs(values(arguments, true));
            failure = null;
            return true;
        } catch (Throwable e) {
            failure =
                    assertInstanceOf(BuiltInFailure.class, e, () -> describe(operator, arguments));
            return false;
        }
    }

    /** Returns why our side has failed. */
    BuiltInFailure failure() {
        return failure;
    }

    private static Object[] values(Object[] arguments, boolean ours) {
        return Arrays.stream(arguments)
                .map(a -> a instanceof Argument argument ? (Object) argument.value(ours) : a)
                .toArray();
    }

    private static String describe(Operator operator, Object[] arguments) {
        StringBuilder text = new StringBuilder(operator.toString());
        for (Object argument : arguments) {
            boolean pointer = argument instanceof Argument && !(argument instanceof TestTensor);
            text.append(' ').append(pointer ? "*" : argument);
        }
        return text.toString();
    }

    /** Requires that the two copies of a tensor that was written are equal. */
    void assertEqual(TestTensor output, Tolerance tolerance) {
        TensorComparison.assertEqual(output.value(false), output.value(true), tolerance);
    }

    /** Requires that the new tensors are equal: dtype, sizes, strides and elements. */
    void assertEqual(Result result, Tolerance tolerance) {
        TensorComparison.assertEqual(result.libtorch(), result.ours(), tolerance);
    }

    @Override
    public void close() {
        for (Result result : results) {
            result.delete();
        }
        for (TestTensor tensor : tensors) {
            tensor.delete();
        }
        arena.close();
    }

    /** Where a function leaves a new handle. */
    static final class Result implements Argument {
        private final MemorySegment slots;

        private Result(Arena arena) {
            slots = arena.allocate(JAVA_LONG, 2);
        }

        @Override
        public long value(boolean ours) {
            return slots.address() + (ours ? Long.BYTES : 0);
        }

        long libtorch() {
            return slots.getAtIndex(JAVA_LONG, 0);
        }

        long ours() {
            return slots.getAtIndex(JAVA_LONG, 1);
        }

        private void delete() {
            if (libtorch() != 0) {
                TorchApi.deleteTensor(MemorySegment.ofAddress(libtorch()));
            }
            if (ours() != 0) {
                Tensors.delete(ours());
            }
        }
    }
}
