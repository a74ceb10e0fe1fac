package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** ReLU and the exact GELU, in place, of a contiguous tensor of floating-point numbers. */
final class Activation {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final MethodHandle ERF =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("erf"),
                            FunctionDescriptor.of(JAVA_DOUBLE, JAVA_DOUBLE),
                            Linker.Option.critical(false));

    private Activation() {}

    /** Makes this class ready. */
    static void prepare() {
        double _ = erf(0);
    }

    static void run(long tensor, boolean gelu) {
        int dtype = Tensors.dtype(tensor);
        long count = Tensors.count(tensor);
        long data = Tensors.data(tensor);
        if (dtype == StridedGemm.FLOAT32) {
            for (long at = data; at < data + count * Float.BYTES; at += Float.BYTES) {
                double value = MEMORY.get(JAVA_FLOAT_UNALIGNED, at);
                MEMORY.set(JAVA_FLOAT_UNALIGNED, at, (float) (gelu ? gelu(value) : relu(value)));
            }
        } else if (dtype == StridedGemm.FLOAT64) {
            for (long at = data; at < data + count * Double.BYTES; at += Double.BYTES) {
                double value = MEMORY.get(JAVA_DOUBLE_UNALIGNED, at);
                MEMORY.set(JAVA_DOUBLE_UNALIGNED, at, gelu ? gelu(value) : relu(value));
            }
        } else if (dtype == DType.BFLOAT16.code() || dtype == DType.FLOAT16.code()) {
            narrow(dtype == DType.BFLOAT16.code(), data, count, gelu);
        } else {
            throw new BuiltInFailure("there is no activation of " + Tensors.describe(tensor));
        }
    }

    private static void narrow(boolean isBfloat16, long data, long count, boolean gelu) {
        for (long at = data; at < data + count * Short.BYTES; at += Short.BYTES) {
            short bits = MEMORY.get(JAVA_SHORT_UNALIGNED, at);
            double value =
                    isBfloat16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat(bits);
            float result = (float) (gelu ? gelu(value) : relu(value));
            MEMORY.set(
                    JAVA_SHORT_UNALIGNED,
                    at,
                    isBfloat16 ? Strided.bfloat16(result) : Float.floatToFloat16(result));
        }
    }

    /** NaN stays NaN. */
    private static double relu(double value) {
        return value < 0 ? 0 : value;
    }

    /** That of {@code _addmm_activation} on the CPU, in {@code ATen/native/LinearAlgebra.cpp}. */
    private static double gelu(double value) {
        return value * 0.5 * (1 + erf(value * Math.sqrt(0.5)));
    }

    private static double erf(double value) {
        try {
            return (double) ERF.invokeExact(value);
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
