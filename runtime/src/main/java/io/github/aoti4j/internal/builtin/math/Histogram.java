package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Fills;
import io.github.aoti4j.internal.builtin.tensor.Numbers;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/** Counts how many elements lie in each of some intervals of the same width. */
public final class Histogram {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Histogram() {}

    /**
     * {@code aoti_torch_cpu_histc}. The last interval contains its upper end; elements outside are
     * not counted.
     */
    public static void histc(long self, long bins, double min, double max, long ret0) {
        Tensors.require(self, "self");
        int dtype = Tensors.dtype(self);
        // Ends that are equal stand for the elements' own ends, which no model has asked for yet.
        if ((dtype != Numbers.FLOAT32 && dtype != Numbers.FLOAT64)
                || bins <= 0
                || !(min < max)
                || !Double.isFinite(max - min)) {
            throw new BuiltInFailure(
                    "a histogram of %s with %d bins from %s to %s"
                            .formatted(Tensors.describe(self), bins, min, max));
        }
        long result = Tensors.begin(dtype, 1);
        Tensors.setDimension(result, 0, bins, 1);
        Tensors.allocate(result);
        Fills.zero(result);
        count(self, bins, min, max, result);
        MEMORY.set(JAVA_LONG, ret0, result);
    }

    private static void count(long self, long bins, double min, double max, long result) {
        int dtype = Tensors.dtype(self);
        int bytes = Tensors.elementBytes(dtype);
        int rank = Tensors.rank(self);
        long count = Tensors.count(self);
        for (long i = 0; i < count; i++) {
            long offset = 0;
            long rest = i;
            for (int d = rank - 1; d >= 0; d--) {
                offset += rest % Tensors.size(self, d) * Tensors.stride(self, d);
                rest /= Tensors.size(self, d);
            }
            double element = Numbers.getDouble(dtype, Tensors.data(self) + offset * bytes);
            long bin =
                    dtype == Numbers.FLOAT32
                            ? bin((float) element, bins, (float) min, (float) max)
                            : bin(element, bins, min, max);
            if (bin >= 0) {
                long at = Tensors.data(result) + Math.min(bin, bins - 1) * bytes;
                Numbers.setDouble(dtype, at, Numbers.getDouble(dtype, at) + 1);
            }
        }
    }

    /** Computes in the elements' type, as libtorch does; -1 for what lies outside, and for NaN. */
    private static long bin(float element, long bins, float min, float max) {
        return element >= min && element <= max
                ? (long) ((element - min) * bins / (max - min))
                : -1;
    }

    private static long bin(double element, long bins, double min, double max) {
        return element >= min && element <= max
                ? (long) ((element - min) * bins / (max - min))
                : -1;
    }
}
