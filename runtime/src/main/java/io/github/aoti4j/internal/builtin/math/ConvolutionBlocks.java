package io.github.aoti4j.internal.builtin.math;

import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BIAS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BLOCK;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.BLOCKS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.CHANNELS_LAST;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.ELEMENT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.FILTERS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.GROUPS;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IMAGES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.IN;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.MEMORY;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.OUT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.SCRATCH_BYTES;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_AT;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.X_IMAGE;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.Y;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.get;
import static io.github.aoti4j.internal.builtin.math.ConvolutionPlan.set;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

/**
 * The products of a convolution. Output pixels are computed in blocks: the input elements that each
 * is made of are copied side by side, and multiplied with the filters.
 */
final class ConvolutionBlocks {
    /**
     * OpenBLAS copies the filters anew for each block: that a block stays in cache matters less.
     */
    private static final long BLOCK_BYTES = 2 << 20;

    private static final long LEAST_PIXELS = 32;
    private static final long PIXELS_OF_CHANNELS = 1024;

    private ConvolutionBlocks() {}

    static void run(long plan) {
        boolean channelsLast = get(plan, CHANNELS_LAST) != 0;
        if (channelsLast && arePixelsRows(plan)) {
            long pixels = get(plan, IMAGES) * ConvolutionPlan.volume(plan, OUT);
            for (long g = 0; g < get(plan, GROUPS); g++) {
                rows(plan, g, 0, pixels, pixelsOfGroup(plan, g), get(plan, X_AT + 2));
            }
        } else {
            runBlocks(plan, channelsLast);
        }
    }

    /** Returns whether the input as it lies is the matrix of patches. */
    private static boolean arePixelsRows(long plan) {
        if (!ConvolutionPlan.isPointwise(plan)) {
            return false;
        }
        long expected = get(plan, X_AT + 2);
        if (expected < get(plan, CHANNELS)) {
            return false;
        }
        for (int d = 2; d >= 0; d--) {
            if (get(plan, IN + d) != 1 && get(plan, X_AT + d) != expected) {
                return false;
            }
            expected *= get(plan, IN + d);
        }
        return get(plan, IMAGES) == 1 || get(plan, X_IMAGE) == expected;
    }

    private static long pixelsOfGroup(long plan, long group) {
        return get(plan, X) + group * ConvolutionPlan.channelsOfGroup(plan) * get(plan, ELEMENT);
    }

    private static void runBlocks(long plan, boolean channelsLast) {
        long plane = ConvolutionPlan.volume(plan, OUT);
        long pixels = channelsLast ? get(plan, IMAGES) * plane : plane;
        long patchBytes = ConvolutionPlan.patch(plan) * get(plan, ELEMENT);
        // Pixels whose channels are innermost are copied with all their groups.
        patchBytes = Math.multiplyExact(patchBytes, channelsLast ? get(plan, GROUPS) : 1);
        boolean depthwise = Depthwise.is(plan);
        long block =
                depthwise ? PIXELS_OF_CHANNELS : Math.max(LEAST_PIXELS, BLOCK_BYTES / patchBytes);
        if (depthwise || !areFiltersShared(plan, pixels, block)) {
            block = Math.min(block, Math.ceilDiv(pixels, ConvolutionTasks.threads(plan)));
        }
        block = Math.min(block, pixels);
        set(plan, BLOCK, block);
        long blocks = Math.ceilDiv(pixels, block);
        set(plan, BLOCKS, channelsLast ? blocks : blocks * get(plan, IMAGES));
        set(plan, SCRATCH_BYTES, depthwise ? 0 : Math.multiplyExact(patchBytes, block));
        ConvolutionTasks.share(plan);
    }

    /**
     * Returns whether the only block is better shared out by filters: OpenBLAS copies all of a
     * thread's filters, which are more than its pixels.
     */
    private static boolean areFiltersShared(long plan, long pixels, long block) {
        return get(plan, CHANNELS_LAST) != 0
                && pixels <= block
                && ConvolutionPlan.filtersOfGroup(plan) >= 2 * pixels;
    }

    /** Computes a block, with memory for its patches. */
    static void runBlock(long plan, long number, long scratch, Depthwise depthwise) {
        long plane = ConvolutionPlan.volume(plan, OUT);
        long block = get(plan, BLOCK);
        if (get(plan, CHANNELS_LAST) != 0) {
            long first = number * block;
            long count = Math.min(block, get(plan, IMAGES) * plane - first);
            if (Depthwise.is(plan)) {
                depthwise.run(plan, first, count);
                return;
            }
            long patch = ConvolutionPlan.patch(plan);
            long distance = count * patch * get(plan, ELEMENT);
            PatchRows.fill(plan, first, count, scratch, distance);
            for (long g = 0; g < get(plan, GROUPS); g++) {
                rows(plan, g, first, count, scratch + g * distance, patch);
            }
        } else {
            long blocksOfImage = Math.ceilDiv(plane, block);
            long image = number / blocksOfImage;
            long first = number % blocksOfImage * block;
            long count = Math.min(block, plane - first);
            for (long g = 0; g < get(plan, GROUPS); g++) {
                PatchColumns.fill(plan, image, g, first, count, scratch);
                columns(plan, image, g, first, count, scratch);
            }
        }
    }

    /** Multiplies a block of patches, each a row, with a group's filters. */
    private static void rows(
            long plan, long group, long first, long count, long patches, long distance) {
        long filters = get(plan, FILTERS);
        long ownFilters = ConvolutionPlan.filtersOfGroup(plan);
        long element = get(plan, ELEMENT);
        long y = get(plan, Y) + (first * filters + group * ownFilters) * element;
        long bias = get(plan, BIAS);
        if (bias != 0) {
            long from = bias + group * ownFilters * element;
            for (long r = 0; r < count; r++) {
                Bytes.copy(from, y + r * filters * element, ownFilters * element);
            }
        }
        long patch = ConvolutionPlan.patch(plan);
        long weight = ConvolutionStaging.filters(plan, group);
        int beta = bias == 0 ? 0 : 1;
        if (element == Float.BYTES) {
            Gemm.f32(
                    false,
                    true,
                    count,
                    ownFilters,
                    patch,
                    1,
                    patches,
                    distance,
                    weight,
                    patch,
                    beta,
                    y,
                    filters);
        } else {
            Gemm.f64(
                    false,
                    true,
                    count,
                    ownFilters,
                    patch,
                    1,
                    patches,
                    distance,
                    weight,
                    patch,
                    beta,
                    y,
                    filters);
        }
    }

    /** Multiplies a group's filters with a block of patches, each a column. */
    private static void columns(
            long plan, long image, long group, long first, long count, long patches) {
        long plane = ConvolutionPlan.volume(plan, OUT);
        long ownFilters = ConvolutionPlan.filtersOfGroup(plan);
        long element = get(plan, ELEMENT);
        long firstFilter = group * ownFilters;
        long y =
                get(plan, Y)
                        + ((image * get(plan, FILTERS) + firstFilter) * plane + first) * element;
        long bias = get(plan, BIAS);
        if (bias != 0) {
            for (long f = 0; f < ownFilters; f++) {
                fill(bias + (firstFilter + f) * element, y + f * plane * element, count, element);
            }
        }
        long patch = ConvolutionPlan.patch(plan);
        long weight = ConvolutionStaging.filters(plan, group);
        int beta = bias == 0 ? 0 : 1;
        if (element == Float.BYTES) {
            Gemm.f32(
                    false,
                    false,
                    ownFilters,
                    count,
                    patch,
                    1,
                    weight,
                    patch,
                    patches,
                    count,
                    beta,
                    y,
                    plane);
        } else {
            Gemm.f64(
                    false,
                    false,
                    ownFilters,
                    count,
                    patch,
                    1,
                    weight,
                    patch,
                    patches,
                    count,
                    beta,
                    y,
                    plane);
        }
    }

    private static void fill(long value, long target, long count, long element) {
        if (element == Float.BYTES) {
            float v = MEMORY.get(JAVA_FLOAT, value);
            for (long i = 0; i < count; i++) {
                MEMORY.set(JAVA_FLOAT, target + i * Float.BYTES, v);
            }
        } else {
            double v = MEMORY.get(JAVA_DOUBLE, value);
            for (long i = 0; i < count; i++) {
                MEMORY.set(JAVA_DOUBLE, target + i * Double.BYTES, v);
            }
        }
    }
}
