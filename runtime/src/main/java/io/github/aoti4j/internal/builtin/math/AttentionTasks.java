package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One attention, shared out by heads and by blocks of the query's rows. Kept and used again by a
 * thread.
 */
final class AttentionTasks implements Parallel.Body {
    private static final int F64 = DType.FLOAT64.code();

    /** How many rows of the query are worked on at a time, at most. */
    static final int ROWS = 128;

    /** How many rows of the keys are, at most: a row of scores fits in {@link FloatRows}. */
    private static final int KEYS = 1024;

    /** How many scores are: they stay in the processor's second cache. */
    private static final int SCORES = 1 << 16;

    private final AtomicLong next = new AtomicLong();
    private AttentionBlock[] blocks = new AttentionBlock[0];

    int dtype;
    boolean isDouble;
    boolean isNarrow;
    boolean isCausal;
    double scale;
    long query;
    long key;
    long value;

    /** The mask, or 0. */
    long mask;

    long output;
    long sums;

    /** Sizes. */
    long heads;

    long length;
    long keys;
    long width;

    /** Rows of the query and of the keys in a block. */
    int rowsOfBlock;

    int keysOfBlock;

    private long blocksOfHead;
    private long count;
    private long scratch;
    private long scratchBytes;

    /** Computes into new tensors. There is a row at least. */
    void compute(
            long queryTensor,
            long keyTensor,
            long valueTensor,
            long maskTensor,
            long outputTensor,
            long sumsTensor,
            double factor,
            boolean causal) {
        query = queryTensor;
        key = keyTensor;
        value = valueTensor;
        mask = maskTensor;
        output = outputTensor;
        sums = sumsTensor;
        scale = factor;
        isCausal = causal;
        dtype = Tensors.dtype(query);
        isDouble = dtype == F64;
        isNarrow = Widening.isNarrow(dtype);
        heads = Tensors.size(query, 1);
        length = Tensors.size(query, 2);
        keys = Tensors.size(key, 2);
        width = Tensors.size(query, 3);
        keysOfBlock = Math.clamp(keys, 1, KEYS);
        rowsOfBlock = (int) Math.min(length, Math.clamp(SCORES / keysOfBlock, 16, ROWS));
        blocksOfHead = Math.ceilDiv(length, rowsOfBlock);
        count = Tensors.size(query, 0) * heads * blocksOfHead;
        int threads = (int) Math.min(Parallel.threads(), count);
        if (blocks.length < threads) {
            int known = blocks.length;
            blocks = Arrays.copyOf(blocks, threads);
            for (int i = known; i < threads; i++) {
                blocks[i] = new AttentionBlock();
            }
        }
        scratchBytes = AttentionBlock.scratchBytes(this);
        scratch = Memory.take(Math.multiplyExact(threads, scratchBytes));
        try {
            next.set(0);
            Parallel.run(threads, this);
        } finally {
            Memory.give(scratch);
        }
    }

    @Override
    public void run(long thread) {
        AttentionBlock block = blocks[(int) thread];
        long number = next.getAndIncrement();
        while (number < count) {
            long row = number % blocksOfHead * rowsOfBlock;
            long head = number / blocksOfHead % heads;
            long batch = number / blocksOfHead / heads;
            int rows = (int) Math.min(rowsOfBlock, length - row);
            block.run(this, batch, head, row, rows, scratch + thread * scratchBytes);
            number = next.getAndIncrement();
        }
    }
}
