package io.github.aoti4j.jmh;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model whose package is committed without its gigabytes of weights. They are computed, as by
 * {@code big.py} beside the packages: each element is a hash of its number among all elements.
 *
 * @param name of the fixture's folder
 * @param call the name of its golden call
 * @param weights the FQNs of the weights, in the order of the model's constants
 * @param rows of each weight, a float32 matrix
 */
record LargeModel(String name, String call, List<String> weights, long rows, long columns) {
    private static final Path FIXTURES = Path.of("runtime/src/test/fixtures");
    private static final int CHUNK = 1 << 18;

    private static final List<LargeModel> ALL =
            List.of(
                    layers("big16", 16),
                    layers("big48", 48),
                    new LargeModel("wide", "eight", List.of("table.weight"), 655_360, 1024));

    static LargeModel named(String name) {
        return ALL.stream()
                .filter(model -> model.name.equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no model "
                                                + name
                                                + "; there are "
                                                + ALL.stream().map(LargeModel::name).toList()));
    }

    private static LargeModel layers(String name, int count) {
        List<String> weights =
                IntStream.range(0, count).mapToObj(i -> "layers." + i + ".weight").toList();
        return new LargeModel(name, "batch4", weights, 4096, 4096);
    }

    Path fixture(String file) {
        return FIXTURES.resolve(name).resolve(file);
    }

    Path inputs() {
        return fixture(call + ".inputs.safetensors");
    }

    Path outputs() {
        return fixture(call + ".outputs.safetensors");
    }

    long weightBytes() {
        return rows * columns * Float.BYTES;
    }

    long allBytes() {
        return weightBytes() * weights.size();
    }

    /** Writes a weight's elements, little-endian. */
    void writeWeight(int index, OutputStream out) throws IOException {
        long count = rows * columns;
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        float[] elements = new float[CHUNK];
        for (long at = 0; at < count; at += CHUNK) {
            int length = (int) Math.min(CHUNK, count - at);
            long first = index * count + at;
            for (int i = 0; i < length; i++) {
                elements[i] = element(first + i);
            }
            chunk.asFloatBuffer().put(elements, 0, length);
            out.write(chunk.array(), 0, length * Float.BYTES);
        }
    }

    /** murmur3's finalizer of the number, its upper 24 bits as a fraction around 0, scaled. */
    private static float element(long number) {
        int h = (int) number;
        h = (h ^ (h >>> 16)) * 0x85EBCA6B;
        h = (h ^ (h >>> 13)) * 0xC2B2AE35;
        h = (h ^ (h >>> 16)) >>> 8;
        return (h * 0x1p-24f - 0.5f) * 0.078125f;
    }
}
