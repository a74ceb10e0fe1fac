package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * Scaled dot product attention (facts about arguments and layouts: {@code
 * aten/src/ATen/native/transformers/attention.cpp}, {@code .../cpu/FlashAttentionKernel.cpp}).
 */
public final class Attention {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final PerThread<AttentionTasks> TASKS = new PerThread<>(AttentionTasks::new);
    private static final int F32 = DType.FLOAT32.code();
    private static final int F64 = DType.FLOAT64.code();

    private Attention() {}

    /**
     * {@code aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu}.
     *
     * @param mask the address of a handle, or 0
     * @param scale the address of a number, or 0
     */
    public static void flash(
            long query,
            long key,
            long value,
            double dropout,
            int causal,
            long mask,
            long scale,
            long ret0,
            long ret1) {
        long maskTensor = mask == 0 ? 0 : MEMORY.get(JAVA_LONG, mask);
        check(query, key, value, maskTensor);
        if (dropout != 0) {
            throw new BuiltInFailure("there is no dropout: %s".formatted(dropout));
        }
        int dtype = Tensors.dtype(query);
        long output = Tensors.begin(dtype, 4);
        LikeStrides.set(output, query);
        Tensors.allocate(output);
        long sums = 0;
        boolean done = false;
        try {
            sums = sums(query, dtype == F64 ? F64 : F32);
            if (Tensors.count(sums) > 0) {
                double factor =
                        scale != 0
                                ? MEMORY.get(JAVA_DOUBLE, scale)
                                : 1 / Math.sqrt((double) Math.max(1, Tensors.size(query, 3)));
                TASKS.get()
                        .compute(query, key, value, maskTensor, output, sums, factor, causal != 0);
            }
            done = true;
        } finally {
            if (!done) {
                Tensors.delete(output);
                if (sums != 0) {
                    Tensors.delete(sums);
                }
            }
        }
        MEMORY.set(JAVA_LONG, ret0, output);
        MEMORY.set(JAVA_LONG, ret1, sums);
    }

    /**
     * Makes the tensor of the logarithms of sums: of shape (batch, heads, length), heads inside.
     */
    private static long sums(long query, int dtype) {
        long heads = Tensors.size(query, 1);
        long length = Tensors.size(query, 2);
        long sums = Tensors.begin(dtype, 3);
        Tensors.setDimension(
                sums, 0, Tensors.size(query, 0), Math.max(1, heads) * Math.max(1, length));
        Tensors.setDimension(sums, 1, heads, 1);
        Tensors.setDimension(sums, 2, length, Math.max(1, heads));
        Tensors.allocate(sums);
        return sums;
    }

    private static void check(long query, long key, long value, long mask) {
        Tensors.require(query, "query");
        Tensors.require(key, "key");
        Tensors.require(value, "value");
        int dtype = Tensors.dtype(query);
        if ((dtype != F32 && dtype != F64 && !Widening.isNarrow(dtype))
                || Tensors.dtype(key) != dtype
                || Tensors.dtype(value) != dtype) {
            throw refused("no attention of these dtypes", query, key, value);
        }
        if (Tensors.rank(query) != 4 || Tensors.rank(key) != 4 || Tensors.rank(value) != 4) {
            throw refused("query, key and value need 4 dimensions", query, key, value);
        }
        for (int d = 0; d < 4; d++) {
            if (Tensors.size(key, d) != Tensors.size(value, d)
                    || (d != 2 && Tensors.size(key, d) != Tensors.size(query, d))) {
                throw refused("the sizes of query, key and value differ", query, key, value);
            }
        }
        if (!hasDenseRows(query) || !hasDenseRows(key) || !hasDenseRows(value)) {
            throw refused("the last dimension is not dense", query, key, value);
        }
        if (mask != 0) {
            checkMask(mask, query, key);
        }
    }

    private static boolean hasDenseRows(long tensor) {
        return Tensors.size(tensor, 3) <= 1 || Tensors.stride(tensor, 3) == 1;
    }

    private static void checkMask(long mask, long query, long key) {
        Tensors.require(mask, "attn_mask");
        int dtype = Tensors.dtype(query);
        int rank = Tensors.rank(mask);
        boolean fits =
                (Tensors.dtype(mask) == dtype
                                || (Widening.isNarrow(dtype) && Tensors.dtype(mask) == F32))
                        && (rank == 2 || rank == 4);
        for (int d = 1; fits && d <= rank; d++) {
            long size = Tensors.size(mask, rank - d);
            long wanted = d == 1 ? Tensors.size(key, 2) : Tensors.size(query, 4 - d);
            fits = size == 1 || size == wanted;
        }
        if (!fits) {
            throw new BuiltInFailure(
                    "the mask %s does not fit query %s and key %s"
                            .formatted(
                                    Tensors.describe(mask),
                                    Tensors.describe(query),
                                    Tensors.describe(key)));
        }
    }

    private static BuiltInFailure refused(String reason, long query, long key, long value) {
        return new BuiltInFailure(
                "%s: query %s, key %s, value %s"
                        .formatted(
                                reason,
                                Tensors.describe(query),
                                Tensors.describe(key),
                                Tensors.describe(value)));
    }
}
