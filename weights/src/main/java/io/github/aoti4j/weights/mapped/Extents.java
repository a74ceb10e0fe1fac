package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.core.DType;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.LongStream;

/** How far shapes and strides reach. */
public final class Extents {
    /** PyTorch itself has no more dimensions than this. */
    public static final int MAX_RANK = 64;

    private Extents() {}

    /**
     * Returns the strides of a dense tensor with the last dimension innermost, as PyTorch gives
     * them: a dimension of size 0 counts like one of size 1.
     *
     * @throws ArithmeticException if a stride is more than a long can count
     */
    public static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride = Math.multiplyExact(stride, Math.max(1, shape[i]));
        }
        return strides;
    }

    /**
     * Where a tensor lies in its storage, in bytes.
     *
     * @param span bytes to the end of its last element; 0 if it has none
     */
    public record Range(long begin, long span) {}

    /**
     * Returns where a tensor lies in its storage; empty if it does not lie within, or if its
     * numbers do not make a tensor.
     */
    public static Optional<Range> within(
            long storageBytes, DType dtype, long[] shape, long[] strides, long offset) {
        if (shape.length > MAX_RANK
                || shape.length != strides.length
                || offset < 0
                || anyNegative(shape)
                || anyNegative(strides)) {
            return Optional.empty();
        }
        if (LongStream.of(shape).anyMatch(size -> size == 0)) {
            return Optional.of(new Range(0, 0));
        }
        try {
            long last = 0;
            for (int i = 0; i < shape.length; i++) {
                last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
            }
            long span = Math.multiplyExact(Math.addExact(last, 1), dtype.byteSize());
            long begin = Math.multiplyExact(offset, dtype.byteSize());
            return begin <= storageBytes - span
                    ? Optional.of(new Range(begin, span))
                    : Optional.empty();
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    public static String describe(
            long storageBytes, DType dtype, long[] shape, long[] strides, long offset) {
        return "does not fit into its %d bytes: %s, shape %s, strides %s, offset %d"
                .formatted(
                        storageBytes,
                        dtype.torchName(),
                        Arrays.toString(shape),
                        Arrays.toString(strides),
                        offset);
    }

    private static boolean anyNegative(long[] numbers) {
        return LongStream.of(numbers).anyMatch(number -> number < 0);
    }
}
