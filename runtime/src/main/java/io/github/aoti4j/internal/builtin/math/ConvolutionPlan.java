package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * What one convolution computes: numbers in native memory, which threads share without an object
 * being made. One and two dimensions are three of which the first have size 1. Strides are counted
 * in elements; the bounds of a triple are those of depth, height and width.
 */
final class ConvolutionPlan {
    static final int IMAGES = 0;

    /** Channels of the input. */
    static final int CHANNELS = 1;

    /** Channels of the output. */
    static final int FILTERS = 2;

    static final int GROUPS = 3;

    /** Triples. */
    static final int IN = 4;

    static final int KERNEL = 7;
    static final int OUT = 10;
    static final int STEP = 13;
    static final int PADDING = 16;
    static final int DILATION = 19;

    /** The input: address, strides of images, channels and of the triple. */
    static final int X = 22;

    static final int X_IMAGE = 23;
    static final int X_CHANNEL = 24;
    static final int X_AT = 25;

    /** The weights: address of a dense row for each filter, in the order of patches. */
    static final int W = 28;

    /** The bias: address of dense elements, or 0. */
    static final int BIAS = 34;

    /** The output, dense. */
    static final int Y = 35;

    /** 1: channels are innermost in input, weights and output; 0: outermost. */
    static final int CHANNELS_LAST = 36;

    /** Size of an element in bytes: of float or double. */
    static final int ELEMENT = 37;

    /** How many pixels of the output are computed at a time. */
    static final int BLOCK = 38;

    /** How many blocks there are. */
    static final int BLOCKS = 39;

    /** The next block that no thread has begun. */
    static final int NEXT = 40;

    /** Memory for each thread's patches: address and bytes for one. */
    static final int SCRATCH = 41;

    static final int SCRATCH_BYTES = 42;

    /** Number of dimensions of the tensors. */
    static final int RANK = 43;

    /** A triple. */
    static final int OUTPUT_PADDING = 44;

    /** Whether input and output have changed places. */
    static final int TRANSPOSED = 47;

    static final long BYTES = 48L * Long.BYTES;

    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private ConvolutionPlan() {}

    static long get(long plan, int field) {
        return MEMORY.get(JAVA_LONG, plan + (long) field * Long.BYTES);
    }

    static void set(long plan, int field, long value) {
        MEMORY.set(JAVA_LONG, plan + (long) field * Long.BYTES, value);
    }

    /** Returns the product of a triple. */
    static long volume(long plan, int triple) {
        return get(plan, triple) * get(plan, triple + 1) * get(plan, triple + 2);
    }

    /** Returns how many channels of the input an output element is made of. */
    static long channelsOfGroup(long plan) {
        return get(plan, CHANNELS) / get(plan, GROUPS);
    }

    static long filtersOfGroup(long plan) {
        return get(plan, FILTERS) / get(plan, GROUPS);
    }

    /** Returns how many products an output element is the sum of. */
    static long patch(long plan) {
        return channelsOfGroup(plan) * volume(plan, KERNEL);
    }

    /** Returns whether each output pixel is made of the input pixel at its own place. */
    static boolean isPointwise(long plan) {
        for (int d = 0; d < 3; d++) {
            if (get(plan, KERNEL + d) != 1
                    || get(plan, STEP + d) != 1
                    || get(plan, PADDING + d) != 0
                    || get(plan, OUT + d) != get(plan, IN + d)) {
                return false;
            }
        }
        return true;
    }
}
