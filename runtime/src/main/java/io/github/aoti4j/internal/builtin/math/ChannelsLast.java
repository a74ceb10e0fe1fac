package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.internal.builtin.tensor.Tensors;

/**
 * Whether libtorch takes a tensor for one whose channels are innermost, and so makes a
 * convolution's output one (facts: {@code c10/core/MemoryFormat.h}, {@code
 * determine_backend_memory_format} in {@code aten/src/ATen/native/Convolution.cpp}).
 */
final class ChannelsLast {
    private ChannelsLast() {}

    /**
     * Returns whether strides grow in the order channels, width, height, depth, images. What is
     * ambiguous counts as channels first.
     */
    static boolean is(long tensor) {
        int rank = Tensors.rank(tensor);
        long channels = Tensors.stride(tensor, 1);
        long least = least(Tensors.size(tensor, 1), channels);
        for (int d = rank - 1; d > 1 && least > 0; d--) {
            least = next(least, Tensors.size(tensor, d), Tensors.stride(tensor, d));
        }
        return isLast(least, channels, Tensors.size(tensor, 0), Tensors.stride(tensor, 0));
    }

    /**
     * The same of a tensor of one spatial dimension, which libtorch sees as one of height 1.
     *
     * @param contiguous whether it is made contiguous before
     */
    static boolean isWithHeight(long tensor, boolean contiguous) {
        long channels = Tensors.size(tensor, 1);
        long width = Tensors.size(tensor, 2);
        boolean fresh = contiguous && !isContiguous(tensor);
        long atWidth = fresh ? 1 : Tensors.stride(tensor, 2);
        long atChannel = fresh ? Math.max(1, width) : Tensors.stride(tensor, 1);
        long atImage =
                fresh ? Math.max(1, width) * Math.max(1, channels) : Tensors.stride(tensor, 0);
        long least = next(least(channels, atChannel), width, atWidth);
        least = next(least, 1, width * atWidth);
        return isLast(least, atChannel, Tensors.size(tensor, 0), atImage);
    }

    /** Returns the least stride that the next dimension may have; 0 if there is none. */
    private static long least(long size, long stride) {
        return size * stride;
    }

    private static long next(long least, long size, long stride) {
        return least == 0 || stride < least ? 0 : least(size, stride);
    }

    private static boolean isLast(long least, long channels, long images, long stride) {
        return least > 0 && images > 0 && stride >= least && least != channels;
    }

    static boolean isContiguous(long tensor) {
        long expected = 1;
        for (int d = Tensors.rank(tensor) - 1; d >= 0; d--) {
            long size = Tensors.size(tensor, d);
            if (size != 1 && Tensors.stride(tensor, d) != expected) {
                return Tensors.count(tensor) == 0;
            }
            expected *= size;
        }
        return true;
    }
}
