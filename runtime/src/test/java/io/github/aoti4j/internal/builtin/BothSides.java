package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.fail;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;
import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
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

    /** An argument that is a pointer, with what messages show in its place. */
    private record Pointer(Object shown, long libtorch, long ours) implements Argument {
        @Override
        public long value(boolean our) {
            return our ? ours : libtorch;
        }

        @Override
        public String toString() {
            return "*" + shown;
        }
    }

    private final Arena arena = Arena.ofConfined();
    private final List<TestTensor> tensors = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private BuiltInFailure failure;
    private String lastCall = "no call";

    BothSides() {
        LibTorch.load();
        useThreads(1);
    }

    /**
     * Sets how many threads of OpenMP's this thread uses. More than one would make many small cases
     * slow on a machine that does other things.
     */
    static void useThreads(int threads) {
        try {
            OpenMpThreads.SET.invokeExact(threads);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static final class OpenMpThreads {
        static final MethodHandle SET =
                Linker.nativeLinker()
                        .downcallHandle(
                                NativeLibrary.ifLoaded("libgomp.so.1")
                                        .orElseThrow()
                                        .address("omp_set_num_threads"),
                                FunctionDescriptor.ofVoid(JAVA_INT));

        private OpenMpThreads() {}
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
        return tensorOrNull == null ? new Pointer(null, 0, 0) : tensors(List.of(tensorOrNull));
    }

    /** Returns {@code double*} of an optional number; null is absence. */
    Argument optional(Double numberOrNull) {
        return numberOrNull == null
                ? new Pointer(null, 0, 0)
                : same(numberOrNull, arena.allocateFrom(JAVA_DOUBLE, numberOrNull));
    }

    /** Returns {@code int64_t*} of an array. */
    Argument longs(long... values) {
        return same(
                Arrays.toString(values),
                arena.allocateFrom(JAVA_LONG, Arrays.copyOf(values, values.length + 1)));
    }

    /** Returns {@code AtenTensorHandle*} of a list of tensors. */
    Argument tensors(List<TestTensor> list) {
        MemorySegment libtorch = arena.allocate(JAVA_LONG, list.size() + 1);
        MemorySegment ours = arena.allocate(JAVA_LONG, list.size() + 1);
        for (int i = 0; i < list.size(); i++) {
            libtorch.setAtIndex(JAVA_LONG, i, list.get(i).value(false));
            ours.setAtIndex(JAVA_LONG, i, list.get(i).value(true));
        }
        return new Pointer(list, libtorch.address(), ours.address());
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
        return new Pointer(list, libtorch.address(), ours.address());
    }

    private static Argument same(Object shown, MemorySegment memory) {
        return new Pointer(shown, memory.address(), memory.address());
    }

    /**
     * Calls both sides. Both must succeed or both fail, ours with a message of its own.
     *
     * @param arguments Long, Integer, Double or {@link Argument} each
     * @return whether both have succeeded
     */
    boolean call(Operator operator, Object... arguments) {
        return call(false, operator, arguments);
    }

    /** As {@link #call}, but ours may refuse what has a result without elements. */
    boolean callOrRefuseEmpty(Operator operator, Object... arguments) {
        return call(true, operator, arguments);
    }

    private boolean call(boolean mayRefuseEmpty, Operator operator, Object... arguments) {
        lastCall = describe(operator, arguments);
        boolean expected = callLibTorch(operator, arguments);
        boolean actual = callOurs(operator, arguments);
        if (expected && !actual && mayRefuseEmpty && results.stream().allMatch(Result::isEmpty)) {
            return false;
        }
        if (expected != actual) {
            fail(
                    expected
                            ? "ours fails: %s, libtorch answers %s".formatted(failure, lastCall)
                            : "libtorch refuses what ours answers: " + lastCall);
        }
        for (TestTensor tensor : tensors) {
            tensor.requireIntact(lastCall);
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
        return operator + " " + Arrays.toString(arguments);
    }

    /** Requires that the two copies of a tensor that was written are equal. */
    void assertEqual(TestTensor output, Tolerance tolerance) {
        assertEqual(output.value(false), output.value(true), tolerance);
    }

    /** Requires that the new tensors are equal: dtype, sizes, strides and elements. */
    void assertEqual(Result result, Tolerance tolerance) {
        assertEqual(result.libtorch(), result.ours(), tolerance);
    }

    private void assertEqual(long libtorch, long ours, Tolerance tolerance) {
        try {
            TensorComparison.assertEqual(libtorch, ours, tolerance);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", after " + lastCall, e);
        }
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
        public String toString() {
            return "result";
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

        private boolean isEmpty() {
            return TensorComparison.isEmpty(libtorch());
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
