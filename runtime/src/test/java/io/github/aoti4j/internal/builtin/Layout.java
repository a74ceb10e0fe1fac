package io.github.aoti4j.internal.builtin;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** How a random tensor lies in its memory. */
enum Layout {
    CONTIGUOUS,
    /** Contiguous, behind a few elements: the least alignment. */
    OFFSET,
    /** As the transpose of a contiguous tensor. */
    REVERSED,
    /** Dense, with the dimensions in any order. */
    PERMUTED,
    /** Dimension 1 innermost. */
    CHANNELS_LAST,
    /** Gaps between the elements, and between rows. */
    PADDED,
    /** Some dimensions have stride 0. */
    EXPANDED,
    /** Of four dimensions, the two in the middle change places: heads and rows of an attention. */
    HEADS_INSIDE,
    /** The last dimension is dense, the others have gaps. */
    ROWS_APART,
    /** The last two dimensions are dense, others may have stride 0. */
    REPEATED;

    /** Layouts that suit any sizes and use of a tensor. */
    static final List<Layout> GENERAL =
            List.of(CONTIGUOUS, OFFSET, REVERSED, PERMUTED, CHANNELS_LAST, PADDED, EXPANDED);

    /** Returns strides for sizes; what is random in them depends on the seed. */
    long[] strides(long[] sizes, long seed) {
        Random random = new Random(seed);
        List<Integer> order = new ArrayList<>();
        for (int d = sizes.length - 1; d >= 0; d--) {
            order.add(d);
        }
        switch (this) {
            case REVERSED -> Collections.reverse(order);
            case PERMUTED -> Collections.shuffle(order, random);
            case CHANNELS_LAST -> {
                if (sizes.length > 2) {
                    order.removeIf(d -> d == 1);
                    order.addFirst(1);
                }
            }
            case HEADS_INSIDE -> {
                if (sizes.length > 2) {
                    Collections.swap(order, 1, 2);
                }
            }
            case CONTIGUOUS, OFFSET, PADDED, EXPANDED, ROWS_APART, REPEATED -> {}
        }
        long[] strides = new long[sizes.length];
        long stride = this == PADDED ? 1 + random.nextInt(3) : 1;
        for (int d : order) {
            boolean mayRepeat = this == EXPANDED || (this == REPEATED && d < sizes.length - 2);
            if (mayRepeat && random.nextBoolean()) {
                continue;
            }
            strides[d] = stride;
            stride *= Math.max(1, sizes[d]);
            stride += this == PADDED || this == ROWS_APART ? random.nextInt(4) : 0;
        }
        return strides;
    }

    /** Returns how many elements of the memory lie before the first one. */
    long offset(long seed) {
        return this == OFFSET ? 1 + Math.floorMod(seed, 5) : 0;
    }
}
