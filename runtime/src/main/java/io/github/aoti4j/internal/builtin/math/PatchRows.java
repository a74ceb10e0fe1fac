package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.DILATION;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.GROUPS;
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

/**
 * Patches of an input whose channels are innermost: for each output pixel a row, for each group a
 * matrix of such rows.
 */
final class PatchRows {
    private PatchRows() {}

    /**
     * Fills the patches of some pixels.
     *
     * @param distance of the matrices of two groups, in bytes
     */
    static void fill(long plan, long first, long count, long target, long distance) {
        long element = get(plan, ELEMENT);
        long bytes = ConvolutionPlan.patch(plan) * element;
        long outDepth = get(plan, OUT);
        long outHeight = get(plan, OUT + 1);
        long outWidth = get(plan, OUT + 2);
        long w = first % outWidth;
        long h = first / outWidth % outHeight;
        long d = first / outWidth / outHeight % outDepth;
        long image = first / outWidth / outHeight / outDepth;
        for (long r = 0; r < count; r++) {
            long from = get(plan, X) + image * get(plan, X_IMAGE) * element;
            fillRow(plan, from, d, h, w, target + r * bytes, distance);
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
            long plan, long image, long d, long h, long w, long target, long distance) {
        long element = get(plan, ELEMENT);
        long groups = get(plan, GROUPS);
        long pixel = ConvolutionPlan.channelsOfGroup(plan) * element;
        long kernelHeight = get(plan, KERNEL + 1);
        long kernelWidth = get(plan, KERNEL + 2);
        long next = get(plan, X_AT + 2) * element;
        long line = kernelWidth * pixel;
        boolean areRuns =
                groups == 1
                        && next == pixel
                        && get(plan, DILATION + 2) == 1
                        && get(plan, TRANSPOSED) == 0;
        long left = w * get(plan, STEP + 2) - get(plan, PADDING + 2);
        long begin = Math.clamp(-left, 0, kernelWidth);
        long end = Math.clamp(get(plan, IN + 2) - left, begin, kernelWidth);
        long at = target;
        for (long kd = 0; kd < get(plan, KERNEL); kd++) {
            long inDepth = source(plan, 0, d, kd);
            long plane = image + inDepth * get(plan, X_AT) * element;
            for (long kh = 0; kh < kernelHeight; kh++) {
                long inHeight = source(plan, 1, h, kh);
                long from = plane + inHeight * get(plan, X_AT + 1) * element;
                if (inDepth < 0 || inHeight < 0) {
                    clear(at, line, groups, distance);
                } else if (areRuns) {
                    // Pixels that lie side by side.
                    Bytes.clear(at, begin * pixel);
                    Bytes.copy(
                            from + (left + begin) * pixel,
                            at + begin * pixel,
                            (end - begin) * pixel);
                    Bytes.clear(at + end * pixel, (kernelWidth - end) * pixel);
                } else {
                    fillLine(plan, from, w, next, pixel, at, distance);
                }
                at += line;
            }
        }
    }

    private static void fillLine(
            long plan, long from, long w, long next, long pixel, long target, long distance) {
        long groups = get(plan, GROUPS);
        long kernelWidth = get(plan, KERNEL + 2);
        for (long kw = 0; kw < kernelWidth; kw++) {
            long in = source(plan, 2, w, kw);
            long to = target + kw * pixel;
            if (in < 0) {
                clear(to, pixel, groups, distance);
            } else {
                for (long g = 0; g < groups; g++) {
                    Bytes.copy(from + in * next + g * pixel, to + g * distance, pixel);
                }
            }
        }
    }

    private static void clear(long target, long bytes, long groups, long distance) {
        for (long g = 0; g < groups; g++) {
            Bytes.clear(target + g * distance, bytes);
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
