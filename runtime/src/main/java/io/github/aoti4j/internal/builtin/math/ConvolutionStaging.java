package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BIAS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS_LAST;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.GROUPS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IMAGES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IN;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.KERNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.RANK;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.TRANSPOSED;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.W;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_AT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_CHANNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_IMAGE;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.Y;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.set;

import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Has input, weights and bias lie as the products need them: those that do are used where they are,
 * copies are made of the others. Inductor lays them out as needed.
 */
final class ConvolutionStaging {
    private ConvolutionStaging() {}

    static void run(long plan, long input, long weight, long bias, long output) {
        int dtype = Tensors.dtype(input);
        boolean narrow = Widening.isNarrow(dtype);
        long copyOfInput = 0;
        long copyOfWeight = 0;
        long copyOfBias = 0;
        long wideOutput = 0;
        try {
            view(plan, input);
            if (narrow || !isInputUsable(plan)) {
                copyOfInput = take(plan, Tensors.count(input));
                copyInput(plan, dtype, copyOfInput);
            }
            set(plan, W, Tensors.data(weight));
            if (narrow || !isWeightUsable(plan, weight)) {
                copyOfWeight = take(plan, Tensors.count(weight));
                copyWeight(plan, weight, copyOfWeight);
            }
            set(plan, BIAS, bias == 0 ? 0 : Tensors.data(bias));
            if (bias != 0 && (narrow || Tensors.stride(bias, 0) != 1)) {
                copyOfBias = take(plan, Tensors.count(bias));
                long _ =
                        Widening.copyRow(
                                dtype,
                                Tensors.data(bias),
                                copyOfBias,
                                Tensors.count(bias),
                                Tensors.stride(bias, 0));
                set(plan, BIAS, copyOfBias);
            }
            set(plan, Y, Tensors.data(output));
            if (narrow) {
                wideOutput = take(plan, Tensors.count(output));
                set(plan, Y, wideOutput);
            }
            ConvolutionBlocks.run(plan);
            if (narrow) {
                Widening.round(dtype, wideOutput, Tensors.data(output), Tensors.count(output));
            }
        } finally {
            give(copyOfInput);
            give(copyOfWeight);
            give(copyOfBias);
            give(wideOutput);
        }
    }

    private static void give(long block) {
        if (block != 0) {
            Memory.give(block);
        }
    }

    private static long take(long plan, long elements) {
        // Expanded tensors have more elements than memory.
        long bytes = elements * get(plan, ELEMENT);
        return Memory.take(elements >>> 60 == 0 ? bytes : Long.MAX_VALUE);
    }

    /** Sets the input's address and strides to the tensor's. */
    private static void view(long plan, long input) {
        int rank = (int) get(plan, RANK);
        set(plan, X, Tensors.data(input));
        set(plan, X_IMAGE, Tensors.stride(input, 0));
        set(plan, X_CHANNEL, Tensors.stride(input, 1));
        for (int d = 0; d < 3; d++) {
            int own = d - 3 + rank;
            set(plan, X_AT + d, own < 2 ? 0 : Tensors.stride(input, own));
        }
    }

    private static boolean isInputUsable(long plan) {
        return get(plan, CHANNELS_LAST) != 0
                ? get(plan, X_CHANNEL) == 1 || get(plan, CHANNELS) == 1
                : get(plan, X_AT + 2) == 1 || get(plan, IN + 2) == 1;
    }

    /** Makes a dense copy of the input, and sets address and strides to its. */
    private static void copyInput(long plan, int dtype, long copy) {
        long channels = get(plan, CHANNELS);
        long depth = get(plan, IN);
        long height = get(plan, IN + 1);
        long width = get(plan, IN + 2);
        if (get(plan, CHANNELS_LAST) != 0) {
            copyInput(
                    plan, dtype, copy, depth, X_AT, height, X_AT + 1, width, X_AT + 2, channels,
                    X_CHANNEL);
            set(plan, X_CHANNEL, 1);
            set(plan, X_AT + 2, channels);
            set(plan, X_AT + 1, channels * width);
            set(plan, X_AT, channels * width * height);
        } else {
            copyInput(
                    plan, dtype, copy, channels, X_CHANNEL, depth, X_AT, height, X_AT + 1, width,
                    X_AT + 2);
            set(plan, X_AT + 2, 1);
            set(plan, X_AT + 1, width);
            set(plan, X_AT, width * height);
            set(plan, X_CHANNEL, width * height * depth);
        }
        set(plan, X_IMAGE, channels * depth * height * width);
        set(plan, X, copy);
    }

    private static void copyInput(
            long plan,
            int dtype,
            long copy,
            long n1,
            int s1,
            long n2,
            int s2,
            long n3,
            int s3,
            long n4,
            int s4) {
        long _ =
                Widening.copy(
                        dtype,
                        get(plan, X),
                        copy,
                        get(plan, IMAGES),
                        get(plan, X_IMAGE),
                        n1,
                        get(plan, s1),
                        n2,
                        get(plan, s2),
                        n3,
                        get(plan, s3),
                        n4,
                        get(plan, s4));
    }

    /** Returns whether each filter is a dense row in the order of the patches' elements. */
    private static boolean isWeightUsable(long plan, long weight) {
        if (get(plan, TRANSPOSED) != 0) {
            return false;
        }
        int rank = (int) get(plan, RANK);
        boolean channelsLast = get(plan, CHANNELS_LAST) != 0;
        long expected = 1;
        if (channelsLast) {
            if (!isDimension(weight, 1, expected)) {
                return false;
            }
            expected = Tensors.size(weight, 1);
        }
        for (int d = rank - 1; d > 1; d--) {
            if (!isDimension(weight, d, expected)) {
                return false;
            }
            expected *= Tensors.size(weight, d);
        }
        if (!channelsLast) {
            if (!isDimension(weight, 1, expected)) {
                return false;
            }
            expected *= Tensors.size(weight, 1);
        }
        return isDimension(weight, 0, expected);
    }

    private static boolean isDimension(long tensor, int d, long stride) {
        return Tensors.size(tensor, d) == 1 || Tensors.stride(tensor, d) == stride;
    }

    private static void copyWeight(long plan, long weight, long copy) {
        boolean transposed = get(plan, TRANSPOSED) != 0;
        int rank = (int) get(plan, RANK);
        int dtype = Tensors.dtype(weight);
        int bytes = Tensors.elementBytes(dtype);
        long channels = ConvolutionPlan.channelsOfGroup(plan);
        long filters = ConvolutionPlan.filtersOfGroup(plan);
        long channel = Tensors.stride(weight, transposed ? 0 : 1);
        long filter = Tensors.stride(weight, transposed ? 1 : 0);
        long group = transposed ? channels * channel : filters * filter;
        long sd = rank == 5 ? Tensors.stride(weight, 2) : 0;
        long sh = rank >= 4 ? Tensors.stride(weight, rank - 2) : 0;
        long sw = Tensors.stride(weight, rank - 1);
        long depth = get(plan, KERNEL);
        long height = get(plan, KERNEL + 1);
        long width = get(plan, KERNEL + 2);
        long at = copy;
        for (long g = 0; g < get(plan, GROUPS); g++) {
            long from = Tensors.data(weight) + g * group * bytes;
            at =
                    get(plan, CHANNELS_LAST) != 0
                            ? Widening.copy(
                                    dtype, from, at, filters, filter, depth, sd, height, sh, width,
                                    sw, channels, channel)
                            : Widening.copy(
                                    dtype, from, at, filters, filter, channels, channel, depth, sd,
                                    height, sh, width, sw);
        }
        set(plan, W, copy);
    }

    /** Returns the address of a group's filters. */
    static long filters(long plan, long group) {
        return get(plan, W)
                + group
                        * (get(plan, FILTERS) / get(plan, GROUPS))
                        * ConvolutionPlan.patch(plan)
                        * get(plan, ELEMENT);
    }
}
