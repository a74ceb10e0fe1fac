package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.aoti4j.core.DType;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;

class StoredTensorTest {
    private static final MemorySegment BYTES = MemorySegment.ofArray(new byte[24]);

    @Test
    void copiesShapeAndStrides() {
        long[] shape = {2, 3};
        long[] strides = {3, 1};
        var tensor = new StoredTensor("w", DType.FLOAT32, shape, strides, BYTES, "here");
        shape[0] = 9;
        strides[0] = 9;
        tensor.shape()[1] = 9;
        tensor.strides()[1] = 9;
        assertArrayEquals(new long[] {2, 3}, tensor.shape());
        assertArrayEquals(new long[] {3, 1}, tensor.strides());
    }

    @Test
    void comparesByContent() {
        var tensor = tensor(3, 1);
        assertEquals(tensor, tensor(3, 1));
        assertEquals(tensor.hashCode(), tensor(3, 1).hashCode());
        assertNotEquals(tensor, tensor(1, 2));
        assertEquals("w: float32[2, 3], here", tensor.toString());
    }

    private static StoredTensor tensor(long... strides) {
        return new StoredTensor("w", DType.FLOAT32, new long[] {2, 3}, strides, BYTES, "here");
    }
}
