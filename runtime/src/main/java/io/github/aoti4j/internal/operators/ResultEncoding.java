package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.NativeKernel;
import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.bindings.torch.OperatorRegistration;
import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The types by which libtorch turns the results of an operator into 64 bits. Seen in 2.10 and 2.13:
 * it goes through the results from the last to the first, and through their types from the first to
 * the last. So where an operator has results of several types, each is encoded as the one that
 * stands as far from the other end; most of those conversions fail.
 */
final class ResultEncoding {
    private static final class Probe {
        static final boolean REVERSED = probe();

        private Probe() {}
    }

    private ResultEncoding() {}

    /** Returns the type as which a native operator's result is encoded; null if libtorch cannot. */
    static ValueType of(List<Result> results, int index, boolean present) {
        ValueType own = results.get(index).type();
        ValueType other = results.get(results.size() - 1 - index).type();
        if (own.equals(other) || !Probe.REVERSED) {
            return own;
        }
        boolean wrapped = other.equals(new OptionalType(own));
        boolean unwrapped = own.equals(new OptionalType(other)) && present;
        return wrapped || unwrapped ? other : null;
    }

    /** Asks an operator of types that can be confused without harm. */
    private static boolean probe() {
        var kernel = new NativeKernel(ResultEncoding::sevenAndNine);
        kernel.retain();
        synchronized (JavaOperators.LOCK) {
            try (OperatorRegistration registration = new OperatorRegistration("aoti4j_probe");
                    Arena arena = Arena.ofConfined()) {
                registration.define("results() -> (int, int?)");
                registration.implement("results", kernel);
                MemorySegment stack = arena.allocate(JAVA_LONG, 2);
                DispatcherApi.call(
                        arena.allocateFrom("aoti4j_probe::results"), arena.allocateFrom(""), stack);
                boolean reversed = stack.getAtIndex(JAVA_LONG, 1) == 9;
                StableValues.deleteOptional(stack.getAtIndex(JAVA_LONG, reversed ? 0 : 1));
                return reversed;
            } finally {
                kernel.release();
            }
        }
    }

    private static void sevenAndNine(MemorySegment stack, long arguments, long results) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = stack.reinterpret(2 * JAVA_LONG.byteSize());
            both.setAtIndex(JAVA_LONG, 0, 7);
            both.setAtIndex(JAVA_LONG, 1, StableValues.newOptional(9, arena.allocate(ADDRESS)));
        }
    }
}
