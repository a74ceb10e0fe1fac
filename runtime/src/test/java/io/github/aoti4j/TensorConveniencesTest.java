package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.NarrowFloats;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/** Tensors from rows, buffers and converted floats, and single elements of them. */
class TensorConveniencesTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void rowsMakeTwoDimensions() {
        Tensor floats = Tensor.of(arena, new float[][] {{1, 2, 3}, {4, 5, 6}});
        assertArrayEquals(new long[] {2, 3}, floats.shape());
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats.toFloatArray());
        Tensor ids = Tensor.of(arena, new long[][] {{101, 7}, {102, 8}, {103, 9}});
        assertArrayEquals(new long[] {3, 2}, ids.shape());
        assertArrayEquals(new long[] {101, 7, 102, 8, 103, 9}, ids.toLongArray());
        assertArrayEquals(new long[] {2, 0}, Tensor.of(arena, new float[2][0]).shape());
        assertArrayEquals(new long[] {0, 0}, Tensor.of(arena, new long[0][]).shape());
    }

    @Test
    void raggedRowsAreRefused() {
        refused("row 1 has 1 elements", () -> Tensor.of(arena, new float[][] {{1, 2}, {3}}));
        refused("row 2 has 1 elements", () -> Tensor.of(arena, new long[][] {{}, {}, {3}}));
        var e =
                assertThrows(
                        NullPointerException.class,
                        () -> Tensor.of(arena, new float[][] {{1}, null}));
        assertEquals("data[1]", e.getMessage());
    }

    @Test
    void buffersAreReadFromPositionToLimitInTheirOrder() {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            for (ByteBuffer bytes :
                    new ByteBuffer[] {ByteBuffer.allocate(49), ByteBuffer.allocateDirect(49)}) {
                // From an odd address on.
                FloatBuffer floats = bytes.position(1).slice().order(order).asFloatBuffer();
                for (int i = 0; i < 12; i++) {
                    floats.put(i, i);
                }
                floats.position(2).limit(8);
                Tensor tensor = Tensor.of(arena, floats, 2, 3);
                assertArrayEquals(new float[] {2, 3, 4, 5, 6, 7}, tensor.toFloatArray());
                assertEquals(2, floats.position());
                assertArrayEquals(
                        new float[] {2, 3, 4, 5, 6, 7},
                        Tensor.of(arena, floats.asReadOnlyBuffer(), 6).toFloatArray());
            }
        }
        assertEquals(DType.FLOAT64, Tensor.of(arena, DoubleBuffer.allocate(2), 2).dtype());
        assertEquals(
                7L, Tensor.of(arena, LongBuffer.wrap(new long[] {6, 7, 8}, 1, 1), 1).getLong(0));
        assertEquals(-3, Tensor.of(arena, IntBuffer.wrap(new int[] {-3}), 1).getLong(0));
        assertEquals(-4, Tensor.of(arena, ShortBuffer.wrap(new short[] {-4}), 1).getLong(0));
        assertEquals(-5, Tensor.of(arena, ByteBuffer.wrap(new byte[] {-5}), 1).getLong(0));
        refused(
                "shape [3] holds 3 elements, but the array has 2",
                () -> Tensor.of(arena, FloatBuffer.allocate(2), 3));
        refused("holds chars", () -> Tensor.of(arena, CharBuffer.wrap("ab"), 2));
    }

    /** Every value, the middle to its neighbour, which goes to the even one, and what is beside. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void floatsAreRoundedToTheNearestEven(DType dtype) {
        float largest = NarrowFloats.toFloat(dtype, dtype == DType.FLOAT16 ? 0x7bff : 0x7f7f);
        for (int bits = 0; bits < 0x10000; bits++) {
            float value = NarrowFloats.toFloat(dtype, bits);
            short back = NarrowFloats.fromFloat(dtype, value);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(NarrowFloats.toFloat(dtype, back)));
                continue;
            }
            assertEquals((short) bits, back);
            if (Math.abs(value) < largest) {
                float next = NarrowFloats.toFloat(dtype, bits + 1);
                float middle = (float) (((double) value + next) / 2);
                float even = (bits & 1) == 0 ? value : next;
                assertRounds(even, dtype, middle);
                boolean up = Math.abs(next) > Math.abs(value);
                assertTrue(up);
                float sign = Math.copySign(1, value);
                assertRounds(value, dtype, sign * Math.nextDown(Math.abs(middle)));
                assertRounds(next, dtype, sign * Math.nextUp(Math.abs(middle)));
            }
        }
        assertRounds(Float.POSITIVE_INFINITY, dtype, Float.MAX_VALUE);
        assertRounds(Float.NEGATIVE_INFINITY, dtype, -Float.MAX_VALUE);
        // A NaN whose fraction is in the bits that are cut off.
        assertRounds(Float.NaN, dtype, Float.intBitsToFloat(0x7f800001));
    }

    private static void assertRounds(float expected, DType dtype, float value) {
        float rounded = NarrowFloats.toFloat(dtype, NarrowFloats.fromFloat(dtype, value));
        assertEquals(expected, rounded, () -> dtype + " of " + value);
    }

    @Test
    void floatsMakeOtherFloatingPointTypes() {
        float[] data = {1, -2.5f, Float.MAX_VALUE, 0.1f};
        Tensor half = Tensor.of(arena, DType.FLOAT16, data, 2, 2);
        assertEquals(DType.FLOAT16, half.dtype());
        assertEquals(Float.POSITIVE_INFINITY, half.getFloat(1, 0));
        Tensor brain = Tensor.of(arena, DType.BFLOAT16, data, 4);
        assertArrayEquals(
                new float[] {1, -2.5f, Float.POSITIVE_INFINITY, 0.100097656f},
                brain.toFloatArray());
        assertArrayEquals(data, Tensor.of(arena, DType.FLOAT32, data, 4).toFloatArray());
        assertEquals(0.1f, Tensor.of(arena, DType.FLOAT64, data, 4).getDouble(3));
        refused("not converted to int32", () -> Tensor.of(arena, DType.INT32, data, 4));
    }

    @Test
    void elementsAreReadByTheirIndices() {
        Tensor wide = Tensor.of(arena, new float[][] {{0, 1, 2}, {3, 4, 5}});
        Tensor transposed =
                Tensor.wrap(wide.segment(), DType.FLOAT32, new long[] {3, 2}, new long[] {1, 3});
        assertEquals(5, wide.getFloat(1, 2));
        assertEquals(5, transposed.getFloat(2, 1));
        assertEquals(1, transposed.getDouble(1, 0));
        var e = assertThrows(IndexOutOfBoundsException.class, () -> wide.getFloat(0, 3));
        assertEquals(
                "index 3 is outside dimension 1 of size 3, of float32[2, 3] at [0, 3]",
                e.getMessage());
        assertThrows(IndexOutOfBoundsException.class, () -> wide.getFloat(-1, 0));
        refused("1 indices are given, but float32[2, 3] has 2", () -> wide.getFloat(1));
        refused("does not hold integer", () -> wide.getLong(0, 0));
        Tensor pairs = Tensor.zeros(arena, DType.COMPLEX64, 1);
        refused("is a pair of numbers", () -> pairs.getFloat(0));
    }

    @Test
    void itemsAreTheValuesOfSingleElements() {
        assertEquals(2.5, Tensor.of(arena, new float[] {2.5f}).item());
        assertEquals(2.5, Tensor.of(arena, DType.BFLOAT16, new float[] {2.5f}, 1, 1).item());
        assertEquals(-7L, Tensor.of(arena, new byte[] {-7}, 1).item());
        assertEquals(1L, Tensor.of(arena, new boolean[] {true}).item());
        Tensor large = Tensor.zeros(arena, DType.UINT64);
        large.segment().set(ValueLayout.JAVA_LONG, 0, -1);
        assertEquals(BigInteger.TWO.pow(64).subtract(BigInteger.ONE), large.item());
        refused("has 2 elements", () -> Tensor.zeros(arena, DType.INT64, 2).item());
        refused("has 0 elements", () -> Tensor.zeros(arena, DType.INT64, 0).item());
        refused("complex", () -> Tensor.zeros(arena, DType.COMPLEX64).item());
    }

    private static void refused(String message, Executable made) {
        var e = assertThrows(InvalidInputException.class, made);
        assertTrue(e.getMessage().contains(message), e::getMessage);
    }
}
