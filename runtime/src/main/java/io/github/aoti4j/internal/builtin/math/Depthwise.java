package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BIAS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS_LAST;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.GROUPS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.KERNEL;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.W;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_AT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_IMAGE;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.Y;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Convolutions of float whose groups have one channel and one filter each, channels innermost: a
 * product would have one column. Channels are computed side by side, in arrays, of whose loops the
 * JVM's compiler makes vector instructions. One thread's at a time.
 */
final class Depthwise {
    /** As many channels are computed at a time. */
    private static final int CHANNELS_OF_PASS = 256;

    private static final int MOST_TAPS = 49;

    private final float[] sums = new float[CHANNELS_OF_PASS];
    private final float[] pixel = new float[CHANNELS_OF_PASS];
    private final float[] bias = new float[CHANNELS_OF_PASS];
    private final float[][] weights = new float[MOST_TAPS][CHANNELS_OF_PASS];
    private final MemorySegment sumsMemory = MemorySegment.ofArray(sums);
    private final MemorySegment pixelMemory = MemorySegment.ofArray(pixel);

    static boolean is(long plan) {
        return get(plan, CHANNELS_LAST) != 0
                && get(plan, ELEMENT) == Float.BYTES
                && get(plan, GROUPS) == get(plan, CHANNELS)
                && get(plan, GROUPS) == get(plan, FILTERS)
                && ConvolutionPlan.patch(plan) <= MOST_TAPS;
    }

    /** Computes a block of pixels. */
    void run(long plan, long first, long count) {
        long channels = get(plan, CHANNELS);
        for (long from = 0; from < channels; from += CHANNELS_OF_PASS) {
            int some = (int) Math.min(CHANNELS_OF_PASS, channels - from);
            load(plan, from, some);
            for (long p = first; p < first + count; p++) {
                runPixel(plan, p, from, some);
            }
        }
    }

    private void load(long plan, long from, int some) {
        int taps = (int) ConvolutionPlan.patch(plan);
        for (int t = 0; t < taps; t++) {
            for (int c = 0; c < some; c++) {
                long at = get(plan, W) + ((from + c) * taps + t) * Float.BYTES;
                weights[t][c] = MEMORY.get(JAVA_FLOAT_UNALIGNED, at);
            }
        }
        Arrays.fill(bias, 0);
        if (get(plan, BIAS) != 0) {
            for (int c = 0; c < some; c++) {
                long at = get(plan, BIAS) + (from + c) * Float.BYTES;
                bias[c] = MEMORY.get(JAVA_FLOAT_UNALIGNED, at);
            }
        }
    }

    private void runPixel(long plan, long number, long from, int some) {
        long outWidth = get(plan, OUT + 2);
        long outHeight = get(plan, OUT + 1);
        long line = number / outWidth;
        long w = number - line * outWidth;
        long plane = line / outHeight;
        long h = line - plane * outHeight;
        long image = plane / get(plan, OUT);
        long d = plane - image * get(plan, OUT);
        long x = get(plan, X) + (image * get(plan, X_IMAGE) + from) * Float.BYTES;
        System.arraycopy(bias, 0, sums, 0, some);
        int tap = 0;
        for (long kd = 0; kd < get(plan, KERNEL); kd++) {
            long atDepth = PatchRows.source(plan, 0, d, kd);
            for (long kh = 0; kh < get(plan, KERNEL + 1); kh++) {
                long atHeight = PatchRows.source(plan, 1, h, kh);
                for (long kw = 0; kw < get(plan, KERNEL + 2); kw++) {
                    long atWidth = PatchRows.source(plan, 2, w, kw);
                    if (atDepth >= 0 && atHeight >= 0 && atWidth >= 0) {
                        long at =
                                atDepth * get(plan, X_AT)
                                        + atHeight * get(plan, X_AT + 1)
                                        + atWidth * get(plan, X_AT + 2);
                        long bytes = (long) some * Float.BYTES;
                        MemorySegment.copy(MEMORY, x + at * Float.BYTES, pixelMemory, 0, bytes);
                        multiplyAdd(weights[tap], some);
                    }
                    tap++;
                }
            }
        }
        long y = get(plan, Y) + (number * get(plan, FILTERS) + from) * Float.BYTES;
        MemorySegment.copy(sumsMemory, 0, MEMORY, y, (long) some * Float.BYTES);
    }

    private void multiplyAdd(float[] weight, int some) {
        float[] x = pixel;
        float[] y = sums;
        for (int c = 0; c < some; c++) {
            y[c] = Math.fma(x[c], weight[c], y[c]);
        }
    }
}
