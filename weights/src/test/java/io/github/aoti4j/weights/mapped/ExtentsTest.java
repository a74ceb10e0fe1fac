package io.github.aoti4j.weights.mapped;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.core.DType;

import org.junit.jupiter.api.Test;

import java.util.Optional;

class ExtentsTest {
    @Test
    void givesStridesAsPyTorchDoes() {
        assertArrayEquals(new long[] {}, Extents.rowMajor(new long[] {}));
        assertArrayEquals(new long[] {12, 4, 1}, Extents.rowMajor(new long[] {2, 3, 4}));
        // torch.empty(2, 0, 3).stride() and torch.empty(0).stride()
        assertArrayEquals(new long[] {3, 3, 1}, Extents.rowMajor(new long[] {2, 0, 3}));
        assertArrayEquals(new long[] {1}, Extents.rowMajor(new long[] {0}));
    }

    @Test
    void refusesStridesBeyondALong() {
        assertThrows(
                ArithmeticException.class,
                () -> Extents.rowMajor(new long[] {0, 1L << 32, 1L << 32}));
    }

    @Test
    void findsTheFirstAndTheLastElement() {
        assertEquals(range(8, 36), within(44, new long[] {3, 3}, new long[] {1, 3}, 2));
        assertEquals(Optional.empty(), within(43, new long[] {3, 3}, new long[] {1, 3}, 2));
        assertEquals(range(40, 4), within(44, new long[] {}, new long[] {}, 10));
        assertEquals(range(0, 4), within(4, new long[] {7, 7}, new long[] {0, 0}, 0));
        assertEquals(range(0, 0), within(0, new long[] {3, 0}, new long[] {9, 9}, 5));
    }

    private static Optional<Extents.Range> within(
            long bytes, long[] shape, long[] strides, long offset) {
        return Extents.within(bytes, DType.FLOAT32, shape, strides, offset);
    }

    private static Optional<Extents.Range> range(long begin, long span) {
        return Optional.of(new Extents.Range(begin, span));
    }
}
