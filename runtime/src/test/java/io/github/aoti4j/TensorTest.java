package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

class TensorTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closeArena() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Test
    void copiesJavaArraysOfEveryPrimitiveType() {
        assertArrayEquals(
                new float[] {1, 2}, Tensor.of(arena, new float[] {1, 2}, 2).toFloatArray());
        assertArrayEquals(
                new double[] {1, 2}, Tensor.of(arena, new double[] {1, 2}, 2).toDoubleArray());
        assertArrayEquals(new long[] {1, 2}, Tensor.of(arena, new long[] {1, 2}, 2).toLongArray());
        assertArrayEquals(new int[] {1, 2}, Tensor.of(arena, new int[] {1, 2}, 2).toIntArray());
        assertArrayEquals(new int[] {-1, 2}, Tensor.of(arena, new short[] {-1, 2}, 2).toIntArray());
        assertArrayEquals(new int[] {-1, 2}, Tensor.of(arena, new byte[] {-1, 2}, 2).toIntArray());
        assertArrayEquals(
                new boolean[] {true, false},
                Tensor.of(arena, new boolean[] {true, false}, 2).toBooleanArray());
    }

    @Test
    void alignsItsOwnMemoryForVectorInstructions() {
        assertEquals(0, Tensor.zeros(arena, DType.INT8, 3).segment().address() % 64);
    }

    @Test
    void refusesAnArrayOfAnotherLengthThanTheShape() {
        var e =
                assertThrows(
                        InvalidInputException.class, () -> Tensor.of(arena, new float[5], 2, 3));
        assertEquals("shape [2, 3] holds 6 elements, but the array has 5", e.getMessage());
    }

    @Test
    void keepsShapeAndStridesToItself() {
        long[] shape = {2, 3};
        Tensor tensor = Tensor.zeros(arena, DType.FLOAT32, shape);
        shape[0] = 7;
        tensor.shape()[0] = 8;
        tensor.strides()[0] = 9;
        assertArrayEquals(new long[] {2, 3}, tensor.shape());
        assertArrayEquals(new long[] {3, 1}, tensor.strides());
    }

    @Test
    void sharesMemoryThatItWraps() {
        MemorySegment segment = arena.allocate(ValueLayout.JAVA_FLOAT, 4);
        Tensor tensor = Tensor.wrap(segment, DType.FLOAT32, 2, 2);
        segment.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 42);
        assertArrayEquals(new float[] {0, 0, 0, 42}, tensor.toFloatArray());
        assertEquals(segment.address(), tensor.segment().address());
    }

    @Test
    void readsThroughStrides() {
        MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_INT, 0, 1, 2, 3, 4, 5);
        Tensor transposed = Tensor.wrap(segment, DType.INT32, new long[] {3, 2}, new long[] {1, 3});
        assertFalse(transposed.isContiguous());
        assertArrayEquals(new int[] {0, 3, 1, 4, 2, 5}, transposed.toIntArray());
        Tensor column = Tensor.wrap(segment, DType.INT32, new long[] {2}, new long[] {3});
        assertArrayEquals(new int[] {0, 3}, column.toIntArray());
        Tensor repeated = Tensor.wrap(segment, DType.INT32, new long[] {3, 2}, new long[] {0, 1});
        assertArrayEquals(new int[] {0, 1, 0, 1, 0, 1}, repeated.toIntArray());
    }

    @Test
    void copiesBetweenLayouts() {
        Tensor rows = Tensor.of(arena, new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
        Tensor columns = rows.copyWithStrides(arena, 1, 2);
        assertArrayEquals(new long[] {1, 2}, columns.strides());
        assertArrayEquals(
                new float[] {0, 3, 1, 4, 2, 5}, columns.segment().toArray(ValueLayout.JAVA_FLOAT));
        assertArrayEquals(rows.toFloatArray(), columns.toFloatArray());
        assertTrue(columns.copy(arena).isContiguous());
    }

    @Test
    void holdsOneElementWithoutDimensionsAndNoneWithASizeOfZero() {
        Tensor scalar = Tensor.of(arena, new float[] {7});
        assertEquals(0, scalar.rank());
        assertEquals(1, scalar.elementCount());
        assertArrayEquals(new float[] {7}, scalar.toFloatArray());
        Tensor empty = Tensor.zeros(arena, DType.FLOAT32, 3, 0, 2);
        assertEquals(0, empty.elementCount());
        assertEquals(0, empty.toFloatArray().length);
        assertTrue(empty.isContiguous());
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void viewsMemoryOfEveryElementType(DType dtype) {
        Tensor tensor = Tensor.zeros(arena, dtype, 2, 3);
        assertEquals(6L * dtype.byteSize(), tensor.segment().byteSize());
        assertEquals(6 * dtype.byteSize(), tensor.toByteArray().length);
        assertEquals(dtype.torchName() + "[2, 3]", tensor.toString());
    }

    @Test
    void widensNarrowFloatsExactly() {
        assertArrayEquals(
                new float[] {1.5f, -2f}, halves(DType.FLOAT16, 0x3e00, 0xc000).toFloatArray());
        assertArrayEquals(
                new float[] {1.5f, -2f}, halves(DType.BFLOAT16, 0x3fc0, 0xc000).toFloatArray());
        assertArrayEquals(
                new double[] {1.5f, -2f}, halves(DType.BFLOAT16, 0x3fc0, 0xc000).toDoubleArray());
    }

    @Test
    void readsComplexElementsAsPairs() {
        Tensor z =
                Tensor.wrap(
                        arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4), DType.COMPLEX64, 2);
        assertArrayEquals(new float[] {1, 2, 3, 4}, z.toFloatArray());
    }

    @Test
    void extendsUnsignedIntegersWithZeros() {
        Tensor bytes =
                Tensor.wrap(arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) -1), DType.UINT8, 1);
        assertArrayEquals(new int[] {255}, bytes.toIntArray());
        Tensor ints = Tensor.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, -1), DType.UINT32, 1);
        assertArrayEquals(new long[] {0xffffffffL}, ints.toLongArray());
    }

    @Test
    void refusesToReadElementsAsAnotherKind() {
        Tensor floats = Tensor.zeros(arena, DType.FLOAT32, 2);
        assertThrows(InvalidInputException.class, floats::toIntArray);
        assertThrows(InvalidInputException.class, floats::toBooleanArray);
        Tensor longs = Tensor.zeros(arena, DType.INT64, 2);
        assertThrows(InvalidInputException.class, longs::toFloatArray);
        assertThrows(InvalidInputException.class, longs::toIntArray);
    }

    @Test
    void refusesMemoryThatNativeCodeCannotUse() {
        MemorySegment heap = MemorySegment.ofArray(new float[4]);
        assertThrows(InvalidInputException.class, () -> Tensor.wrap(heap, DType.FLOAT32, 4));
        MemorySegment small = arena.allocate(15, 4);
        var e =
                assertThrows(
                        InvalidInputException.class, () -> Tensor.wrap(small, DType.FLOAT32, 4));
        assertTrue(
                e.getMessage().contains("spans 16 bytes, but the segment has 15"), e::getMessage);
        MemorySegment odd = arena.allocate(20, 8).asSlice(2);
        assertThrows(InvalidInputException.class, () -> Tensor.wrap(odd, DType.FLOAT32, 4));
    }

    @Test
    void refusesShapesThatNoMemoryHolds() {
        MemorySegment memory = arena.allocate(64, 8);
        long[][] shapes = {
            {-1}, {Long.MAX_VALUE, 2}, {1L << 40, 1L << 40}, {1L << 62, 4}, {Long.MIN_VALUE}
        };
        for (long[] shape : shapes) {
            assertThrows(
                    InvalidInputException.class, () -> Tensor.wrap(memory, DType.FLOAT32, shape));
            assertThrows(
                    InvalidInputException.class, () -> Tensor.zeros(arena, DType.FLOAT32, shape));
        }
        assertThrows(
                InvalidInputException.class,
                () ->
                        Tensor.wrap(
                                memory,
                                DType.INT8,
                                new long[] {1L << 40, 1L << 40},
                                new long[] {0, 0}));
        assertThrows(
                InvalidInputException.class,
                () ->
                        Tensor.wrap(
                                memory,
                                DType.INT8,
                                new long[] {2, 2},
                                new long[] {Long.MAX_VALUE, Long.MAX_VALUE}));
    }

    @Test
    void refusesStridesThatPyTorchDoesNotKnow() {
        MemorySegment memory = arena.allocate(64, 8);
        assertThrows(
                InvalidInputException.class,
                () -> Tensor.wrap(memory, DType.INT8, new long[] {2}, new long[] {-1}));
        assertThrows(
                InvalidInputException.class,
                () -> Tensor.wrap(memory, DType.INT8, new long[] {2, 2}, new long[] {1}));
    }

    @Test
    void namesTheArgumentThatIsNull() {
        MemorySegment memory = arena.allocate(4);
        assertEquals(
                "segment",
                assertThrows(NullPointerException.class, () -> Tensor.wrap(null, DType.FLOAT32, 1))
                        .getMessage());
        assertThrows(NullPointerException.class, () -> Tensor.wrap(memory, null, 1));
        assertThrows(NullPointerException.class, () -> Tensor.zeros(null, DType.INT8, 1));
        assertThrows(NullPointerException.class, () -> Tensor.of(arena, (float[]) null, 1));
    }

    @Test
    void diesWithItsArena() {
        Tensor tensor = Tensor.of(arena, new float[] {1}, 1);
        Tensor empty = Tensor.zeros(arena, DType.FLOAT32, 0);
        arena.close();
        assertEquals("float32[1]", tensor.toString());
        assertThrows(IllegalStateException.class, tensor::toFloatArray);
        assertThrows(IllegalStateException.class, empty::toFloatArray);
    }

    @Test
    void belongsToTheThreadOfAConfinedArena() throws InterruptedException {
        Tensor tensor = Tensor.of(arena, new float[] {1}, 1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread other =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try {
                                        tensor.toFloatArray();
                                    } catch (Throwable e) {
                                        thrown.set(e);
                                    }
                                });
        other.join();
        assertEquals(WrongThreadException.class, thrown.get().getClass());
    }

    private Tensor halves(DType dtype, int... bits) {
        MemorySegment memory = arena.allocate(ValueLayout.JAVA_SHORT, bits.length);
        for (int i = 0; i < bits.length; i++) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) bits[i]);
        }
        return Tensor.wrap(memory, dtype, bits.length);
    }

    /** An arena may be anybody's; native code would write where nothing is. */
    @Test
    void refusesMemoryThatIsNotWhatWasAskedFor() {
        try (Arena real = Arena.ofConfined()) {
            List<MemorySegment> wrong =
                    List.of(
                            real.allocate(8, 64),
                            real.allocate(256, 64).asSlice(1, 128),
                            real.allocate(128, 64).asReadOnly(),
                            MemorySegment.ofArray(new long[16]));
            for (MemorySegment given : wrong) {
                Arena arena =
                        new Arena() {
                            @Override
                            public MemorySegment allocate(long bytes, long alignment) {
                                return given;
                            }

                            @Override
                            public MemorySegment.Scope scope() {
                                return real.scope();
                            }

                            @Override
                            public void close() {}
                        };
                assertThrows(
                        InvalidInputException.class,
                        () -> Tensor.zeros(arena, DType.FLOAT32, 8, 4));
                assertThrows(
                        InvalidInputException.class, () -> Tensor.of(arena, new float[32], 32));
                Tensor tensor = Tensor.zeros(real, DType.FLOAT32, 8, 4);
                assertThrows(InvalidInputException.class, () -> tensor.copy(arena));
                assertThrows(
                        InvalidInputException.class, () -> tensor.copyWithStrides(arena, 1, 8));
            }
        }
    }

    /** More elements than most heaps have room for, in a few bytes. */
    @Test
    void comparesTheDtypeBeforeItMakesAnArray() {
        try (Arena arena = Arena.ofConfined()) {
            long[] shape = {Integer.MAX_VALUE - 8};
            long[] strides = {0};
            Tensor floats = Tensor.wrap(arena.allocate(8, 8), DType.FLOAT32, shape, strides);
            Tensor doubles = Tensor.wrap(arena.allocate(8, 8), DType.FLOAT64, shape, strides);
            Tensor longs = Tensor.wrap(arena.allocate(8, 8), DType.INT64, shape, strides);
            assertThrows(InvalidInputException.class, floats::toIntArray);
            assertThrows(InvalidInputException.class, floats::toLongArray);
            assertThrows(InvalidInputException.class, longs::toIntArray);
            assertThrows(InvalidInputException.class, longs::toFloatArray);
            assertThrows(InvalidInputException.class, longs::toDoubleArray);
            assertThrows(InvalidInputException.class, doubles::toFloatArray);
        }
    }
}
