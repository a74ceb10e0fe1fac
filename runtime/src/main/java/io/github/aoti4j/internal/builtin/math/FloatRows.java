package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Rows of scores of an attention, in arrays: the JVM's compiler makes vector instructions of loops
 * over these. One thread's at a time.
 */
final class FloatRows {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** As many elements are worked on at a time: they stay in the processor's first cache. */
    static final int CAPACITY = 2048;

    private final float[] x = new float[CAPACITY];
    private final float[] mask = new float[CAPACITY];
    private final int[] bits = new int[CAPACITY];
    private final MemorySegment bitsOfScores = MemorySegment.ofArray(bits);
    private final MemorySegment scores = MemorySegment.ofArray(x);
    private final MemorySegment masks = MemorySegment.ofArray(mask);
    private final Exponential exponential = new Exponential(CAPACITY);

    /** Loads dense scores. */
    void load(long address, int count) {
        MemorySegment.copy(MEMORY, address, scores, 0, (long) count * Float.BYTES);
    }

    void store(long address, int count) {
        MemorySegment.copy(scores, 0, MEMORY, address, (long) count * Float.BYTES);
    }

    /** Loads a row of the mask, to be added by {@link #addMask}. */
    void loadMask(int dtype, long address, long stride, int at, int count) {
        if (Widening.isNarrow(dtype)) {
            for (int i = 0; i < count; i++) {
                short bits = MEMORY.get(JAVA_SHORT_UNALIGNED, address + i * stride * Short.BYTES);
                mask[at + i] = Widening.toFloat(dtype, bits);
            }
        } else if (stride == 1) {
            MemorySegment.copy(
                    MEMORY, address, masks, (long) at * Float.BYTES, (long) count * Float.BYTES);
        } else {
            for (int i = 0; i < count; i++) {
                mask[at + i] = MEMORY.get(JAVA_FLOAT_UNALIGNED, address + i * stride * Float.BYTES);
            }
        }
    }

    void addMask(int count) {
        for (int i = 0; i < count; i++) {
            x[i] += mask[i];
        }
    }

    /** Leaves nothing of the scores between two places. */
    void exclude(int from, int to) {
        for (int i = from; i < to; i++) {
            x[i] = Float.NEGATIVE_INFINITY;
        }
    }

    /** Must precede {@link #max} when the scores have changed. */
    void readyForMax(int count) {
        MemorySegment.copy(scores, 0, bitsOfScores, 0, (long) count * Float.BYTES);
    }

    /**
     * Returns the largest of some scores, or {@code least}; a NaN if there is one, or any value.
     * Integers have vector instructions for this, in the order of these numbers.
     */
    float max(int from, int to, float least) {
        int max = ordered(Float.floatToRawIntBits(least));
        for (int i = from; i < to; i++) {
            max = Math.max(max, ordered(bits[i]));
        }
        return Float.intBitsToFloat(ordered(max));
    }

    /** Makes of a float's bits an integer that compares as the float does; and back. */
    private static int ordered(int bits) {
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    void add(int from, int to, float value) {
        for (int i = from; i < to; i++) {
            x[i] += value;
        }
    }

    void multiply(int from, int to, float factor) {
        for (int i = from; i < to; i++) {
            x[i] *= factor;
        }
    }

    /** Replaces scores, none of which is above 0, by their exponentials. */
    void exponentiate(int count) {
        exponential.apply(x, count);
    }

    float sum(int from, int to) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += x[i];
            b += x[i + 1];
            c += x[i + 2];
            d += x[i + 3];
        }
        for (; i < to; i++) {
            a += x[i];
        }
        return (a + b) + (c + d);
    }
}
