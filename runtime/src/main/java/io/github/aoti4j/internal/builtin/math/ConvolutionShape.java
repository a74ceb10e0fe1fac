package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.Convolution.refused;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS_LAST;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.DILATION;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.GROUPS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IMAGES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IN;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.KERNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUTPUT_PADDING;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.PADDING;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.RANK;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.STEP;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.TRANSPOSED;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.set;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Checks a convolution's arguments, as libtorch does, and computes the output's sizes (facts:
 * {@code check_shape_forward} in {@code aten/src/ATen/native/Convolution.cpp}).
 */
final class ConvolutionShape {
    /** Sums of products with sizes, which are below 2^46, stay far from overflow. */
    private static final long MOST = 1L << 16;

    private ConvolutionShape() {}

    /** Sets sizes and channels. */
    static void begin(
            long plan, long input, long weight, long bias, boolean transposed, long groups) {
        int rank = Tensors.rank(weight);
        if (rank < 3 || rank > 5 || Tensors.rank(input) != rank) {
            throw refused("input and weight need the same 3, 4 or 5 dimensions", input, weight);
        }
        int dtype = Tensors.dtype(input);
        if (!Convolution.has(dtype)
                || Tensors.dtype(weight) != dtype
                || (bias != 0 && Tensors.dtype(bias) != dtype)) {
            throw refused(
                    "no convolution for these dtypes"
                            + (bias == 0 ? "" : ", bias " + Tensors.describe(bias)),
                    input,
                    weight);
        }
        set(plan, RANK, rank);
        set(plan, ELEMENT, dtype == DType.FLOAT64.code() ? Double.BYTES : Float.BYTES);
        set(plan, TRANSPOSED, transposed ? 1 : 0);
        set(plan, IMAGES, Tensors.size(input, 0));
        set(plan, CHANNELS, Tensors.size(input, 1));
        set(plan, GROUPS, groups);
        long first = Tensors.size(weight, 0);
        if (groups < 1 || first < groups || first % groups != 0) {
            throw refused(
                    "%d groups do not divide the weight's first size".formatted(groups),
                    input,
                    weight);
        }
        // Sizes of existing tensors: their product with the number of groups may overflow.
        long second = Tensors.size(weight, 1);
        if ((second == 0 && transposed)
                || Math.multiplyHigh(second, groups) != 0
                || second * groups < 0) {
            throw refused("no filters, or too many for %d groups".formatted(groups), input, weight);
        }
        set(plan, FILTERS, transposed ? second * groups : first);
        if (Tensors.size(input, 1) != (transposed ? first : second * groups)) {
            throw refused(
                    "the input's channels do not fit the weight, with %d groups".formatted(groups),
                    input,
                    weight);
        }
        if (bias != 0 && (Tensors.rank(bias) != 1 || Tensors.size(bias, 0) != get(plan, FILTERS))) {
            throw refused("bias " + Tensors.describe(bias) + " does not fit", input, weight);
        }
        for (int d = 0; d < 3; d++) {
            int own = d - 3 + rank;
            set(plan, IN + d, own < 2 ? 1 : Tensors.size(input, own));
            set(plan, KERNEL + d, own < 2 ? 1 : Tensors.size(weight, own));
        }
    }

    /** Sets a triple from a list of one or of all dimensions. */
    static void list(long plan, int triple, long values, long length, long absent, String name) {
        long dimensions = get(plan, RANK) - 2;
        if ((length != 1 && length != dimensions) || values == 0) {
            throw new BuiltInFailure(
                    "%s has %d values for %d dimensions".formatted(name, length, dimensions));
        }
        for (int d = 0; d < 3; d++) {
            long own = d - 3 + dimensions;
            long value = absent;
            if (own >= 0) {
                long at = length == 1 ? 0 : own * Long.BYTES;
                value = ConvolutionPlan.MEMORY.get(JAVA_LONG, values + at);
            }
            if (value < absent || value > MOST) {
                throw new BuiltInFailure(
                        "%s is %d: not between %d and %d".formatted(name, value, absent, MOST));
            }
            set(plan, triple + d, value);
        }
    }

    /** Sets the output's sizes and layout. */
    static void finish(long plan, long input, long weight) {
        if (Tensors.count(input) == 0 && get(plan, IMAGES) > 0 && get(plan, CHANNELS) > 0) {
            throw refused("an input with images and channels, but no pixels", input, weight);
        }
        for (int d = 0; d < 3; d++) {
            set(plan, OUT + d, outputSize(plan, d, input, weight));
        }
        set(plan, CHANNELS_LAST, isChannelsLast(plan, input, weight) ? 1 : 0);
    }

    private static long outputSize(long plan, int d, long input, long weight) {
        long in = get(plan, IN + d);
        long kernel = get(plan, KERNEL + d);
        long step = get(plan, STEP + d);
        long reach = get(plan, DILATION + d) * (kernel - 1);
        long around = 2 * get(plan, PADDING + d);
        if (kernel == 0) {
            throw refused("a kernel has no elements", input, weight);
        }
        long size;
        if (get(plan, TRANSPOSED) == 0) {
            if (in + around - reach < 1) {
                throw refused("the kernel is larger than the padded input", input, weight);
            }
            size = (in + around - reach - 1) / step + 1;
        } else {
            long more = get(plan, OUTPUT_PADDING + d);
            if (more >= step && more >= get(plan, DILATION + d)) {
                throw refused(
                        "output_padding %d is not below stride or dilation".formatted(more),
                        input,
                        weight);
            }
            size = (in - 1) * step - around + reach + more + 1;
            if (in < 1 || size < 1) {
                throw refused("the output would be of size " + size, input, weight);
            }
        }
        return size;
    }

    private static boolean isChannelsLast(long plan, long input, long weight) {
        if (Tensors.count(input) == 0) {
            return false;
        }
        return switch ((int) get(plan, RANK)) {
            case 3 ->
                    ChannelsLast.isWithHeight(input, true)
                            || ChannelsLast.isWithHeight(weight, false);
            case 4 -> ChannelsLast.is(input) || ChannelsLast.is(weight);
            default ->
                    isOneDnns(plan, input) && (ChannelsLast.is(input) || ChannelsLast.is(weight));
        };
    }

    /**
     * Returns whether libtorch, with several threads, gives a convolution of three dimensions to
     * oneDNN ({@code use_mkldnn} in {@code aten/src/ATen/native/Convolution.cpp}): its own leave
     * channels outermost.
     */
    private static boolean isOneDnns(long plan, long input) {
        for (int d = 0; d < 3; d++) {
            if (get(plan, TRANSPOSED) != 0
                    && get(plan, OUTPUT_PADDING + d) >= get(plan, STEP + d)) {
                return false;
            }
        }
        int dtype = Tensors.dtype(input);
        if (dtype != DType.FLOAT32.code()) {
            return dtype == DType.BFLOAT16.code();
        }
        long size = get(plan, IMAGES) * get(plan, CHANNELS) * get(plan, IN) * get(plan, IN + 1);
        return get(plan, GROUPS) > 1
                || (get(plan, KERNEL + 1) > 3 && get(plan, KERNEL + 2) > 3)
                || get(plan, IMAGES) > 1
                || size > 20480;
    }
}
