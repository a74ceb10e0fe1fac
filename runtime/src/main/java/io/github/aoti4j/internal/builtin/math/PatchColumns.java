package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.DILATION;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IN;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.KERNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.PADDING;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.STEP;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.TRANSPOSED;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_AT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_CHANNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_IMAGE;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

/** Patches of an input whose width is innermost: for each output pixel a column. */
final class PatchColumns {
    private PatchColumns() {}

    static void fill(long plan, long image, long group, long first, long count, long target) {
        long element = get(plan, ELEMENT);
        long channels = ConvolutionPlan.channelsOfGroup(plan);
        long at = target;
        for (long c = 0; c < channels; c++) {
            long channel = group * channels + c;
            long from =
                    get(plan, X)
                            + (image * get(plan, X_IMAGE) + channel * get(plan, X_CHANNEL))
                                    * element;
            for (long kd = 0; kd < get(plan, KERNEL); kd++) {
                for (long kh = 0; kh < get(plan, KERNEL + 1); kh++) {
                    for (long kw = 0; kw < get(plan, KERNEL + 2); kw++) {
                        fillLine(plan, from, kd, kh, kw, first, count, at);
                        at += count * element;
                    }
                }
            }
        }
    }

    /** Fills what a block of pixels meets at one place of the kernel. */
    private static void fillLine(
            long plan, long channel, long kd, long kh, long kw, long first, long count, long at) {
        long element = get(plan, ELEMENT);
        long outWidth = get(plan, OUT + 2);
        long outHeight = get(plan, OUT + 1);
        long pixel = first;
        while (pixel < first + count) {
            long w = pixel % outWidth;
            long run = Math.min(outWidth - w, first + count - pixel);
            long depth = PatchRows.source(plan, 0, pixel / outWidth / outHeight, kd);
            long height = PatchRows.source(plan, 1, pixel / outWidth % outHeight, kh);
            long target = at + (pixel - first) * element;
            if (depth < 0 || height < 0) {
                Bytes.clear(target, run * element);
            } else {
                long from =
                        channel
                                + (depth * get(plan, X_AT) + height * get(plan, X_AT + 1))
                                        * element;
                fillRun(plan, from, w, run, kw, target);
            }
            pixel += run;
        }
    }

    private static void fillRun(long plan, long from, long w, long run, long kw, long target) {
        long element = get(plan, ELEMENT);
        if (get(plan, STEP + 2) == 1 && get(plan, TRANSPOSED) == 0) {
            long left = w - get(plan, PADDING + 2) + kw * get(plan, DILATION + 2);
            long begin = Math.clamp(-left, 0, run);
            long end = Math.clamp(get(plan, IN + 2) - left, begin, run);
            Bytes.clear(target, begin * element);
            Bytes.copy(
                    from + (left + begin) * element,
                    target + begin * element,
                    (end - begin) * element);
            Bytes.clear(target + end * element, (run - end) * element);
            return;
        }
        for (long i = 0; i < run; i++) {
            long in = PatchRows.source(plan, 2, w + i, kw);
            if (element == Float.BYTES) {
                int bits = in < 0 ? 0 : MEMORY.get(JAVA_INT_UNALIGNED, from + in * element);
                MEMORY.set(JAVA_INT_UNALIGNED, target + i * element, bits);
            } else {
                long bits = in < 0 ? 0 : MEMORY.get(JAVA_LONG_UNALIGNED, from + in * element);
                MEMORY.set(JAVA_LONG_UNALIGNED, target + i * element, bits);
            }
        }
    }
}
