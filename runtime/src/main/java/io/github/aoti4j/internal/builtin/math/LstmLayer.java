package io.github.aoti4j.internal.builtin.math;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import java.lang.foreign.MemorySegment;

/**
 * One layer of an LSTM in one direction, in float32. The compiler makes all LSTMs for the CPU of
 * it, with inputs whose rows are dense (torch/_decomp/decompositions_for_rnn.py).
 */
public final class LstmLayer {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** The mode that means LSTM (aten/src/ATen/native/mkldnn/RNN.cpp). */
    private static final long LSTM = 2;

    private static final int GATES = 4;

    private LstmLayer() {}

    /**
     * Runs a layer: {@code aoti_torch_cpu_mkldnn_rnn_layer}.
     *
     * @param input [length, rows, width]
     * @param inputWeight [4 hidden, width]: gates for input, forgetting, cell and output
     * @param hiddenWeight [4 hidden, hidden]
     * @param hx [1, rows, hidden]
     * @param work gets an empty tensor: what training would need
     */
    public static void run(
            long input,
            long inputWeight,
            long hiddenWeight,
            long inputBias,
            long hiddenBias,
            long hx,
            long cx,
            int reverse,
            long batchSizes,
            long batchSizesCount,
            long mode,
            long hidden,
            long layers,
            int hasBiases,
            int bidirectional,
            int batchFirst,
            int train,
            long output,
            long hy,
            long cy,
            long work) {
        if (mode != LSTM
                || layers != 1
                || bidirectional != 0
                || batchFirst != 0
                || batchSizesCount != 0
                || train != 0) {
            throw new BuiltInFailure(
                    "only one direction of one layer of an LSTM is known, without packed batches");
        }
        require(input, 3, "input");
        require(inputWeight, 2, "the input's weight");
        require(hiddenWeight, 2, "the state's weight");
        require(hx, 3, "the hidden state");
        require(cx, 3, "the cell state");
        long length = Tensors.size(input, 0);
        long rows = Tensors.size(input, 1);
        long width = Tensors.size(input, 2);
        long gates = Math.multiplyExact(GATES, hidden);
        requireMatrix(inputWeight, gates, width, "the input's weight");
        requireMatrix(hiddenWeight, gates, hidden, "the state's weight");
        requireState(hx, rows, hidden, "the hidden state");
        requireState(cx, rows, hidden, "the cell state");
        if (hasBiases != 0) {
            requireBias(inputBias, gates, "the input's bias");
            requireBias(hiddenBias, gates, "the state's bias");
        }
        long all = Math.multiplyExact(Math.multiplyExact(length, rows), gates);
        long product = Memory.take(Math.multiplyExact(all, Float.BYTES));
        long states = 0;
        long lastHidden = 0;
        long lastCell = 0;
        long nothing = 0;
        try {
            nothing = Tensors.begin(DType.UINT8.code(), 1);
            Tensors.setDimension(nothing, 0, 0, 1);
            Tensors.allocate(nothing);
            states = dense(length, rows, hidden);
            lastHidden = dense(1, rows, hidden);
            lastCell = dense(1, rows, hidden);
            multiplyInput(input, inputWeight, product, gates);
            steps(
                    hiddenWeight,
                    hasBiases == 0 ? 0 : inputBias,
                    hasBiases == 0 ? 0 : hiddenBias,
                    hx,
                    cx,
                    reverse != 0,
                    product,
                    states,
                    lastHidden,
                    lastCell);
        } catch (Throwable e) {
            deleteAll(states, lastHidden, lastCell, nothing);
            throw e;
        } finally {
            Memory.give(product);
        }
        MEMORY.set(JAVA_LONG, output, states);
        MEMORY.set(JAVA_LONG, hy, lastHidden);
        MEMORY.set(JAVA_LONG, cy, lastCell);
        MEMORY.set(JAVA_LONG, work, nothing);
    }

    private static void deleteAll(long a, long b, long c, long d) {
        deleteIfMade(a);
        deleteIfMade(b);
        deleteIfMade(c);
        deleteIfMade(d);
    }

    private static void deleteIfMade(long tensor) {
        if (tensor != 0) {
            Tensors.delete(tensor);
        }
    }

    private static long dense(long a, long b, long c) {
        long tensor = Tensors.begin(DType.FLOAT32.code(), 3);
        Tensors.setDimension(tensor, 0, a, Math.multiplyExact(Math.max(1, b), Math.max(1, c)));
        Tensors.setDimension(tensor, 1, b, Math.max(1, c));
        Tensors.setDimension(tensor, 2, c, 1);
        Tensors.allocate(tensor);
        return tensor;
    }

    /** The part of the gates that does not depend on states, for all steps. */
    private static void multiplyInput(long input, long weight, long product, long gates) {
        long length = Tensors.size(input, 0);
        long rows = Tensors.size(input, 1);
        long width = Tensors.size(input, 2);
        long row = rowStride(input, 1);
        long step = Tensors.stride(input, 0);
        boolean joined = length <= 1 || rows == 1 || step == rows * row;
        long ldw = rowStride(weight, 0);
        if (joined) {
            // Of one row each, the steps are the rows.
            long distance = rows == 1 && length > 1 ? step : row;
            multiply(Tensors.data(input), distance, weight, ldw, length * rows, width, 0, product);
            return;
        }
        for (long t = 0; t < length; t++) {
            long at = Tensors.data(input) + t * step * Float.BYTES;
            multiply(
                    at, row, weight, ldw, rows, width, 0, product + t * rows * gates * Float.BYTES);
        }
    }

    /** Adds rows times the transposed weight to {@code beta} times the product. */
    private static void multiply(
            long a, long lda, long weight, long ldw, long m, long k, float beta, long product) {
        long n = Tensors.size(weight, 0);
        Gemm.f32(
                false,
                true,
                m,
                n,
                k,
                1,
                a,
                lda,
                Tensors.data(weight),
                ldw,
                beta,
                product,
                Math.max(1, n));
    }

    private static void steps(
            long weight,
            long inputBias,
            long hiddenBias,
            long hx,
            long cx,
            boolean reverse,
            long product,
            long states,
            long lastHidden,
            long lastCell) {
        long length = Tensors.size(states, 0);
        long rows = Tensors.size(states, 1);
        long hidden = Tensors.size(states, 2);
        long bytes = rows * hidden * Float.BYTES;
        copyRows(hx, Tensors.data(lastHidden), rows, hidden);
        copyRows(cx, Tensors.data(lastCell), rows, hidden);
        long before = Tensors.data(lastHidden);
        for (long i = 0; i < length; i++) {
            long t = reverse ? length - 1 - i : i;
            long gates = product + t * GATES * bytes;
            multiply(
                    before,
                    Math.max(1, hidden),
                    weight,
                    rowStride(weight, 0),
                    rows,
                    hidden,
                    1,
                    gates);
            long state = Tensors.data(states) + t * bytes;
            step(gates, inputBias, hiddenBias, rows, hidden, Tensors.data(lastCell), state);
            before = state;
        }
        if (length > 0 && bytes > 0) {
            MemorySegment.copy(MEMORY, before, MEMORY, Tensors.data(lastHidden), bytes);
        }
    }

    private static void step(
            long gates,
            long inputBias,
            long hiddenBias,
            long rows,
            long hidden,
            long cell,
            long state) {
        for (long r = 0; r < rows; r++) {
            for (long j = 0; j < hidden; j++) {
                long at = r * hidden + j;
                long first = gates + (r * GATES * hidden + j) * Float.BYTES;
                double in = sigmoid(gate(first, 0, hidden, j, inputBias, hiddenBias));
                double forget = sigmoid(gate(first, 1, hidden, j, inputBias, hiddenBias));
                double add = Math.tanh(gate(first, 2, hidden, j, inputBias, hiddenBias));
                double out = sigmoid(gate(first, 3, hidden, j, inputBias, hiddenBias));
                double c = forget * float32(cell, at) + in * add;
                MEMORY.set(JAVA_FLOAT, cell + at * Float.BYTES, (float) c);
                MEMORY.set(JAVA_FLOAT, state + at * Float.BYTES, (float) (out * Math.tanh(c)));
            }
        }
    }

    private static double gate(
            long first, long gate, long hidden, long j, long inputBias, long hiddenBias) {
        long at = gate * hidden + j;
        double sum = float32(first, gate * hidden);
        return inputBias == 0
                ? sum
                : sum + (double) bias(inputBias, at) + (double) bias(hiddenBias, at);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static float bias(long tensor, long at) {
        return float32(Tensors.data(tensor), at * Tensors.stride(tensor, 0));
    }

    private static float float32(long address, long at) {
        return MEMORY.get(JAVA_FLOAT_UNALIGNED, address + at * Float.BYTES);
    }

    private static void copyRows(long from, long to, long rows, long hidden) {
        long row = rowStride(from, 1);
        long bytes = hidden * Float.BYTES;
        for (long r = 0; r < rows && bytes > 0; r++) {
            long at = Tensors.data(from) + r * row * Float.BYTES;
            MemorySegment.copy(MEMORY, at, MEMORY, to + r * bytes, bytes);
        }
    }

    /** The distance of two rows, which does not matter where there is one. */
    private static long rowStride(long tensor, int dimension) {
        long width = Math.max(1, Tensors.size(tensor, dimension + 1));
        return Tensors.size(tensor, dimension) <= 1 ? width : Tensors.stride(tensor, dimension);
    }

    private static void require(long tensor, int rank, String what) {
        Tensors.require(tensor, what);
        boolean known =
                Tensors.dtype(tensor) == DType.FLOAT32.code() && Tensors.rank(tensor) == rank;
        boolean dense = known && hasDenseRows(tensor, rank);
        if (!dense) {
            throw unexpected(tensor, what);
        }
    }

    /** Rows may lie apart, but must not overlap: products need that. */
    private static boolean hasDenseRows(long tensor, int rank) {
        long width = Tensors.size(tensor, rank - 1);
        return Tensors.count(tensor) == 0
                || ((width <= 1 || Tensors.stride(tensor, rank - 1) == 1)
                        && rowStride(tensor, rank - 2) >= width
                        && (Tensors.size(tensor, 0) <= 1 || Tensors.stride(tensor, 0) >= 0));
    }

    private static void requireMatrix(long tensor, long rows, long columns, String what) {
        if (Tensors.size(tensor, 0) != rows || Tensors.size(tensor, 1) != columns) {
            throw unexpected(tensor, what);
        }
    }

    private static void requireState(long tensor, long rows, long hidden, String what) {
        if (Tensors.size(tensor, 0) != 1
                || Tensors.size(tensor, 1) != rows
                || Tensors.size(tensor, 2) != hidden) {
            throw unexpected(tensor, what);
        }
    }

    private static void requireBias(long tensor, long gates, String what) {
        Tensors.require(tensor, what);
        if (Tensors.dtype(tensor) != DType.FLOAT32.code()
                || Tensors.rank(tensor) != 1
                || Tensors.size(tensor, 0) != gates) {
            throw unexpected(tensor, what);
        }
    }

    private static BuiltInFailure unexpected(long tensor, String what) {
        return new BuiltInFailure(
                "%s of an LSTM layer is %s, which is not expected"
                        .formatted(what, Tensors.describe(tensor)));
    }
}
