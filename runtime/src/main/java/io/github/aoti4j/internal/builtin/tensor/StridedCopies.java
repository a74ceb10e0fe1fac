package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Copies elements between layouts and types.
 *
 * <p>The dimensions are sorted by the destination's strides and joined where both sides allow it.
 * The innermost is a loop over a row; the others are counted through in scratch memory.
 */
final class StridedCopies {
    private static final MemorySegment MEMORY = Raw.MEMORY;

    // A dimension in scratch memory.
    private static final int SIZE = 0;
    private static final int TO = 8;
    private static final int FROM = 16;
    private static final int COUNTER = 24;
    private static final int DIMENSION = 32;

    private StridedCopies() {}

    /**
     * Copies elements; nothing of the arguments is checked.
     *
     * @param source has the sizes of the destination, or 1, or fewer dimensions
     */
    static void copy(long destination, long source) {
        if (Tensors.count(destination) == 0) {
            return;
        }
        boolean sameType = Tensors.dtype(destination) == Tensors.dtype(source);
        if (sameType && Layouts.areSame(destination, source) && Layouts.isDense(destination)) {
            move(Tensors.data(source), Tensors.data(destination), Layouts.spanBytes(source));
            return;
        }
        long plan = Memory.take((long) (Tensors.rank(destination) + 1) * DIMENSION);
        try {
            copy(destination, source, plan);
        } finally {
            Memory.give(plan);
        }
    }

    private static void move(long from, long to, long bytes) {
        MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
    }

    private static void copy(long destination, long source, long plan) {
        int count = join(plan, list(destination, source, plan));
        int toType = Tensors.dtype(destination);
        int fromType = Tensors.dtype(source);
        long inner = plan + (long) (count - 1) * DIMENSION;
        long size = Raw.getLong(inner + SIZE);
        long toStep = Raw.getLong(inner + TO);
        long fromStep = Raw.getLong(inner + FROM);
        long to = Tensors.data(destination);
        long from = Tensors.data(source);
        while (true) {
            row(size, toType, to, toStep, fromType, from, fromStep);
            long at = inner - DIMENSION;
            for (; at >= plan; at -= DIMENSION) {
                long counter = Raw.getLong(at + COUNTER) + 1;
                to += Raw.getLong(at + TO);
                from += Raw.getLong(at + FROM);
                if (counter < Raw.getLong(at + SIZE)) {
                    Raw.setLong(at + COUNTER, counter);
                    break;
                }
                to -= counter * Raw.getLong(at + TO);
                from -= counter * Raw.getLong(at + FROM);
                Raw.setLong(at + COUNTER, 0);
            }
            if (at < plan) {
                return;
            }
        }
    }

    /** Lists the dimensions, the innermost of the destination last; returns how many. */
    private static int list(long destination, long source, long plan) {
        int rank = Tensors.rank(destination);
        int added = rank - Tensors.rank(source);
        int toBytes = Tensors.elementBytes(Tensors.dtype(destination));
        int fromBytes = Tensors.elementBytes(Tensors.dtype(source));
        int count = 0;
        for (int d = 0; d < rank; d++) {
            long size = Tensors.size(destination, d);
            if (size == 1) {
                continue;
            }
            boolean repeated = d < added || Tensors.size(source, d - added) == 1;
            long to = Tensors.stride(destination, d) * toBytes;
            long from = repeated ? 0 : Tensors.stride(source, d - added) * fromBytes;
            long at = plan + (long) count * DIMENSION;
            for (; at > plan && Raw.getLong(at - DIMENSION + TO) < to; at -= DIMENSION) {
                move(at - DIMENSION, at, DIMENSION);
            }
            set(at, size, to, from);
            count++;
        }
        if (count == 0) {
            set(plan, 1, toBytes, fromBytes);
            return 1;
        }
        return count;
    }

    private static void set(long at, long size, long to, long from) {
        Raw.setLong(at + SIZE, size);
        Raw.setLong(at + TO, to);
        Raw.setLong(at + FROM, from);
        Raw.setLong(at + COUNTER, 0);
    }

    /** Joins dimensions that are one on both sides; returns how many are left. */
    private static int join(long plan, int count) {
        long last = plan;
        for (int i = 1; i < count; i++) {
            long at = plan + (long) i * DIMENSION;
            long size = Raw.getLong(at + SIZE);
            long to = Raw.getLong(at + TO);
            long from = Raw.getLong(at + FROM);
            if (Raw.getLong(last + TO) == to * size && Raw.getLong(last + FROM) == from * size) {
                set(last, Raw.getLong(last + SIZE) * size, to, from);
            } else {
                last += DIMENSION;
                set(last, size, to, from);
            }
        }
        return (int) ((last - plan) / DIMENSION) + 1;
    }

    /** Copies a row; steps are in bytes. */
    private static void row(
            long size, int toType, long to, long toStep, int fromType, long from, long fromStep) {
        if (toType != fromType) {
            boolean dense =
                    toStep == Tensors.elementBytes(toType)
                            && fromStep == Tensors.elementBytes(fromType)
                            && size <= Integer.MAX_VALUE;
            if (!dense || !DenseConversions.convert((int) size, toType, to, fromType, from)) {
                convert(size, toType, to, toStep, fromType, from, fromStep);
            }
            return;
        }
        int bytes = Tensors.elementBytes(toType);
        if (toStep == bytes && fromStep == bytes) {
            move(from, to, size * bytes);
            return;
        }
        switch (bytes) {
            case 1 -> {
                for (long i = 0; i < size; i++) {
                    byte value = MEMORY.get(JAVA_BYTE, from + i * fromStep);
                    MEMORY.set(JAVA_BYTE, to + i * toStep, value);
                }
            }
            case 2 -> {
                for (long i = 0; i < size; i++) {
                    short value = MEMORY.get(JAVA_SHORT_UNALIGNED, from + i * fromStep);
                    MEMORY.set(JAVA_SHORT_UNALIGNED, to + i * toStep, value);
                }
            }
            case 4 -> {
                for (long i = 0; i < size; i++) {
                    Raw.setInt(to + i * toStep, Raw.getInt(from + i * fromStep));
                }
            }
            default -> {
                for (long i = 0; i < size; i++) {
                    for (int b = 0; b < bytes; b += Long.BYTES) {
                        Raw.setLong(to + i * toStep + b, Raw.getLong(from + i * fromStep + b));
                    }
                }
            }
        }
    }

    private static void convert(
            long size, int toType, long to, long toStep, int fromType, long from, long fromStep) {
        if (Numbers.isFloating(fromType)) {
            for (long i = 0; i < size; i++) {
                double value = Numbers.getDouble(fromType, from + i * fromStep);
                Numbers.setDouble(toType, to + i * toStep, value);
            }
        } else if (fromType == Numbers.UINT64) {
            for (long i = 0; i < size; i++) {
                long value = Raw.getLong(from + i * fromStep);
                Numbers.setUnsigned(toType, to + i * toStep, value);
            }
        } else {
            for (long i = 0; i < size; i++) {
                long value = Numbers.getLong(fromType, from + i * fromStep);
                Numbers.setLong(toType, to + i * toStep, value);
            }
        }
    }
}
