package io.github.aoti4j.jmh;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** One weight as {@code torch.save} writes a float32 tensor: a zip with a pickle and a storage. */
final class TorchSaved {
    private TorchSaved() {}

    static void write(LargeModel model, int index, OutputStream out) throws IOException {
        try (var zip = new StoredZip(out)) {
            zip.add("archive/data.pkl", pickle(model.rows(), model.columns()));
            zip.add("archive/byteorder", ascii("little"));
            zip.add("archive/data/0", storage -> model.writeWeight(index, storage));
            zip.add("archive/version", ascii("3\n"));
        }
    }

    /**
     * The pickle, of protocol 2: {@code _rebuild_tensor_v2(storage, 0, shape, strides, False,
     * OrderedDict())}, the storage given by a persistent id.
     */
    private static byte[] pickle(long rows, long columns) throws IOException {
        var pickle = new ByteArrayOutputStream();
        pickle.write(new byte[] {(byte) 0x80, 2}); // PROTO
        pickle.write(ascii("ctorch._utils\n_rebuild_tensor_v2\n"));
        pickle.write(ascii("(("));
        string(pickle, "storage");
        pickle.write(ascii("ctorch\nFloatStorage\n"));
        string(pickle, "0");
        string(pickle, "cpu");
        integer(pickle, rows * columns);
        pickle.write(ascii("tQ")); // the tuple is the persistent id
        integer(pickle, 0);
        integer(pickle, rows);
        integer(pickle, columns);
        pickle.write(0x86); // TUPLE2
        integer(pickle, columns);
        integer(pickle, 1);
        pickle.write(0x86);
        pickle.write(0x89); // NEWFALSE
        pickle.write(ascii("ccollections\nOrderedDict\n)R"));
        pickle.write(ascii("tR."));
        return pickle.toByteArray();
    }

    private static void string(ByteArrayOutputStream pickle, String text) throws IOException {
        pickle.write('X');
        pickle.write(littleEndian(text.length()));
        pickle.write(ascii(text));
    }

    private static void integer(ByteArrayOutputStream pickle, long value) throws IOException {
        pickle.write('J');
        pickle.write(littleEndian(Math.toIntExact(value)));
    }

    private static byte[] littleEndian(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
