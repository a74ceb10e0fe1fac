package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.DILATION;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IN;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.KERNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.PADDING;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.STEP;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.TRANSPOSED;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_AT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_IMAGE;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;

/** Patches of an input whose channels are innermost: for each output pixel a row. */
final class PatchRows {
    private PatchRows() {}

    static void fill(long plan, long group, long first, long count, long target) {
        long element = get(plan, ELEMENT);
        long channels = ConvolutionPlan.channelsOfGroup(plan);
        long bytes = ConvolutionPlan.patch(plan) * element;
        long outDepth = get(plan, OUT);
        long outHeight = get(plan, OUT + 1);
        long outWidth = get(plan, OUT + 2);
        long w = first % outWidth;
        long h = first / outWidth % outHeight;
        long d = first / outWidth / outHeight % outDepth;
        long image = first / outWidth / outHeight / outDepth;
        long x = get(plan, X) + group * channels * element;
        for (long r = 0; r < count; r++) {
            long from = x + image * get(plan, X_IMAGE) * element;
            fillRow(plan, from, d, h, w, channels * element, target + r * bytes);
            if (++w == outWidth) {
                w = 0;
                if (++h == outHeight) {
                    h = 0;
                    if (++d == outDepth) {
                        d = 0;
                        image++;
                    }
                }
            }
        }
    }

    private static void fillRow(
            long plan, long image, long d, long h, long w, long pixel, long target) {
        long element = get(plan, ELEMENT);
        long kernelWidth = get(plan, KERNEL + 2);
        long line = kernelWidth * pixel;
        long at = target;
        for (long kd = 0; kd < get(plan, KERNEL); kd++) {
            long inDepth = source(plan, 0, d, kd);
            for (long kh = 0; kh < get(plan, KERNEL + 1); kh++) {
                long inHeight = source(plan, 1, h, kh);
                if (inDepth < 0 || inHeight < 0) {
                    Bytes.clear(at, line);
                } else {
                    long from =
                            image
                                    + (inDepth * get(plan, X_AT) + inHeight * get(plan, X_AT + 1))
                                            * element;
                    fillLine(plan, from, w, kernelWidth, pixel, at);
                }
                at += line;
            }
        }
    }

    private static void fillLine(
            long plan, long from, long w, long kernelWidth, long pixel, long target) {
        long distance = get(plan, X_AT + 2) * get(plan, ELEMENT);
        long inWidth = get(plan, IN + 2);
        if (distance == pixel && get(plan, DILATION + 2) == 1 && get(plan, TRANSPOSED) == 0) {
            // One run of pixels that lie side by side.
            long left = w * get(plan, STEP + 2) - get(plan, PADDING + 2);
            long begin = Math.clamp(-left, 0, kernelWidth);
            long end = Math.clamp(inWidth - left, begin, kernelWidth);
            Bytes.clear(target, begin * pixel);
            Bytes.copy(
                    from + (left + begin) * pixel, target + begin * pixel, (end - begin) * pixel);
            Bytes.clear(target + end * pixel, (kernelWidth - end) * pixel);
            return;
        }
        for (long kw = 0; kw < kernelWidth; kw++) {
            long in = source(plan, 2, w, kw);
            if (in < 0) {
                Bytes.clear(target + kw * pixel, pixel);
            } else {
                Bytes.copy(from + in * distance, target + kw * pixel, pixel);
            }
        }
    }

    /**
     * Returns which place of the input the output's place {@code out} meets at {@code k} of the
     * kernel; -1 if none.
     */
    static long source(long plan, int d, long out, long k) {
        long step = get(plan, STEP + d);
        long reach = k * get(plan, DILATION + d);
        long in;
        if (get(plan, TRANSPOSED) == 0) {
            in = out * step - get(plan, PADDING + d) + reach;
        } else {
            long stretched = out + get(plan, PADDING + d) - reach;
            in = stretched % step == 0 ? stretched / step : -1;
        }
        return in < get(plan, IN + d) ? Math.max(in, -1) : -1;
    }
}
