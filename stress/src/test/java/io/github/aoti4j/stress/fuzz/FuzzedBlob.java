package io.github.aoti4j.stress.fuzz;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.BlobTensor;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Constants of a model as some bytes say, to be found in a blob. */
public final class FuzzedBlob {
    private static final DType[] DTYPES = DType.values();

    private FuzzedBlob() {}

    /** Each constant as name, dtype, ranks, then numbers of eight bytes. */
    public static List<BlobTensor> layout(byte[] input) {
        var layout = new ArrayList<BlobTensor>();
        var bytes = ByteBuffer.wrap(input);
        try {
            while (bytes.hasRemaining()) {
                String name = String.valueOf((char) bytes.get());
                var dtype = DTYPES[Byte.toUnsignedInt(bytes.get()) % DTYPES.length];
                int rank = bytes.get() & 0x7f;
                int strides = bytes.get() & 0x7f;
                layout.add(
                        new BlobTensor(
                                name,
                                dtype,
                                longs(bytes, rank),
                                longs(bytes, strides),
                                bytes.getLong(),
                                bytes.getLong()));
            }
        } catch (BufferUnderflowException _) {
            // What is whole counts.
        }
        return layout;
    }

    private static long[] longs(ByteBuffer bytes, int count) {
        long[] longs = new long[count];
        for (int i = 0; i < count; i++) {
            longs[i] = bytes.getLong();
        }
        return longs;
    }

    public static List<byte[]> seeds() {
        return List.of(
                bytes(
                        List.of(
                                tensor("a", DType.FLOAT32, new long[] {2, 3}, 3, 1),
                                tensor("b", DType.UINT8, new long[] {3}, 1))));
    }

    private static BlobTensor tensor(String name, DType dtype, long[] shape, long... strides) {
        return new BlobTensor(name, dtype, shape, strides, 0, 64);
    }

    private static byte[] bytes(List<BlobTensor> layout) {
        var bytes = ByteBuffer.allocate(1000);
        for (var tensor : layout) {
            bytes.put((byte) tensor.name().charAt(0))
                    .put((byte) List.of(DTYPES).indexOf(tensor.dtype()));
            bytes.put((byte) tensor.shape().length).put((byte) tensor.strides().length);
            for (long size : tensor.shape()) {
                bytes.putLong(size);
            }
            for (long stride : tensor.strides()) {
                bytes.putLong(stride);
            }
            bytes.putLong(tensor.storageOffset()).putLong(tensor.byteSize());
        }
        byte[] written = new byte[bytes.flip().remaining()];
        bytes.get(written);
        return written;
    }
}
