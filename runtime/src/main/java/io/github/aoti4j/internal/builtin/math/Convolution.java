package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS_LAST;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IMAGES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.RANK;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

/** Convolutions of one to three dimensions, as sums of matrix products. */
public final class Convolution {
    private static final int F32 = DType.FLOAT32.code();
    private static final int F64 = DType.FLOAT64.code();

    private Convolution() {}

    /**
     * {@code aoti_torch_cpu_convolution}. Lists are int64 values: one for each dimension, or one
     * for all.
     */
    public static void convolution(
            long input,
            long weight,
            long bias,
            long stride,
            long strideLength,
            long padding,
            long paddingLength,
            long dilation,
            long dilationLength,
            int transposed,
            long outputPadding,
            long outputPaddingLength,
            long groups,
            long ret0) {
        Tensors.require(input, "input");
        Tensors.require(weight, "weight");
        long biasTensor = bias == 0 ? 0 : ConvolutionPlan.MEMORY.get(JAVA_LONG, bias);
        if (biasTensor != 0) {
            Tensors.require(biasTensor, "bias");
        }
        long plan = Memory.take(ConvolutionPlan.BYTES);
        try {
            ConvolutionShape.begin(plan, input, weight, biasTensor, transposed != 0, groups);
            ConvolutionShape.list(plan, ConvolutionPlan.STEP, stride, strideLength, 1, "stride");
            ConvolutionShape.list(
                    plan, ConvolutionPlan.PADDING, padding, paddingLength, 0, "padding");
            ConvolutionShape.list(
                    plan, ConvolutionPlan.DILATION, dilation, dilationLength, 1, "dilation");
            ConvolutionShape.list(
                    plan,
                    ConvolutionPlan.OUTPUT_PADDING,
                    outputPadding,
                    outputPaddingLength,
                    0,
                    "output_padding");
            ConvolutionShape.finish(plan, input, weight);
            ConvolutionPlan.MEMORY.set(JAVA_LONG, ret0, compute(plan, input, weight, biasTensor));
        } finally {
            Memory.give(plan);
        }
    }

    private static long compute(long plan, long input, long weight, long bias) {
        long output = output(plan, Tensors.dtype(input), (int) get(plan, RANK));
        if (Tensors.count(output) == 0) {
            return output;
        }
        boolean done = false;
        try {
            ConvolutionStaging.run(plan, input, weight, bias, output);
            done = true;
        } finally {
            if (!done) {
                Tensors.delete(output);
            }
        }
        return output;
    }

    /** Makes the output, laid out as libtorch does. */
    private static long output(long plan, int dtype, int rank) {
        long output = Tensors.begin(dtype, rank);
        long channels = get(plan, CHANNELS) == 0 ? 0 : get(plan, FILTERS);
        boolean channelsLast = get(plan, CHANNELS_LAST) != 0;
        // Overflows are found when memory is taken: strides of 2^46 and more are refused.
        long at = channelsLast ? channels : 1;
        for (int d = rank - 1; d > 1; d--) {
            long size = get(plan, OUT + 3 - rank + d);
            Tensors.setDimension(output, d, size, at);
            at = saturatedProduct(at, Math.max(1, size));
        }
        Tensors.setDimension(output, 1, channels, channelsLast ? 1 : at);
        Tensors.setDimension(
                output,
                0,
                get(plan, IMAGES),
                channelsLast ? at : saturatedProduct(at, Math.max(1, channels)));
        Tensors.allocate(output);
        return output;
    }

    private static long saturatedProduct(long a, long b) {
        return Math.multiplyHigh(a, b) == 0 && a * b >= 0 ? a * b : Long.MAX_VALUE;
    }

    /** Returns whether there is a convolution for a dtype. */
    static boolean has(int dtype) {
        return dtype == F32 || dtype == F64 || Widening.isNarrow(dtype);
    }

    static BuiltInFailure refused(String reason, long input, long weight) {
        return new BuiltInFailure(
                "%s: input %s, weight %s"
                        .formatted(reason, Tensors.describe(input), Tensors.describe(weight)));
    }
}
