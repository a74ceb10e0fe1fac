package io.github.aoti4j.weights;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.TestFiles;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The two tensors of {@link TestFiles} as our readers see them. */
public final class TestTensors {
    private TestTensors() {}

    /** Where they lie in the blob. */
    public static List<BlobTensor> blobLayout() {
        return List.of(
                new BlobTensor("a", DType.FLOAT32, new long[] {2, 3}, new long[] {3, 1}, 0, 64),
                new BlobTensor("b.c", DType.UINT8, new long[] {3}, new long[] {1}, 0, 64));
    }

    /** The elements of a tensor of any strides, one after the other, as a dense copy has them. */
    public static byte[] dense(StoredTensor tensor) {
        int size = tensor.dtype().byteSize();
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        int count = 1;
        for (long length : shape) {
            count = Math.toIntExact(count * length);
        }
        byte[] dense = new byte[count * size];
        long[] at = new long[shape.length];
        for (int i = 0; i < count; i++) {
            long from = 0;
            for (int d = 0; d < at.length; d++) {
                from += at[d] * strides[d];
            }
            MemorySegment.copy(
                    tensor.segment(), ValueLayout.JAVA_BYTE, from * size, dense, i * size, size);
            for (int d = at.length - 1; d >= 0 && ++at[d] == shape[d]; d--) {
                at[d] = 0;
            }
        }
        return dense;
    }
}
