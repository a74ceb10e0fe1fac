package io.github.aoti4j.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The same two tensors in every format: {@code a}, floats from 0 to 5 of shape [2, 3], and {@code
 * b.c}, the bytes 7, 8, 9.
 */
public final class TestFiles {
    public static final String INDEX = "model.safetensors.index.json";

    private TestFiles() {}

    public static byte[] floats(int count) {
        var bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(i);
        }
        return bytes.array();
    }

    public static Path safetensors(Path path, String... names) throws IOException {
        var header = new StringJoiner(",", "{", "}");
        var data = new ByteArrayOutputStream();
        for (String name : names) {
            boolean floats = name.equals("a");
            int start = data.size();
            data.writeBytes(floats ? floats(6) : new byte[] {7, 8, 9});
            header.add(
                    "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                            .formatted(
                                    name,
                                    floats ? "F32" : "U8",
                                    floats ? "2,3" : "3",
                                    start,
                                    data.size()));
        }
        String json = header.toString();
        json += " ".repeat(-json.length() & 7);
        var file = ByteBuffer.allocate(8 + json.length() + data.size());
        file.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length());
        file.put(json.getBytes(StandardCharsets.US_ASCII));
        return Files.write(path, file.put(data.toByteArray()).array());
    }

    /** An index and two shards beside it. */
    public static Path sharded(Path folder) throws IOException {
        safetensors(folder.resolve("one.safetensors"), "a");
        safetensors(folder.resolve("two.safetensors"), "b.c");
        return index(
                folder,
                "{\"metadata\": {\"total_size\": 27}, \"weight_map\":"
                        + " {\"a\": \"one.safetensors\", \"b.c\": \"two.safetensors\"}}");
    }

    public static Path index(Path folder, String json) throws IOException {
        return Files.writeString(folder.resolve(INDEX), json);
    }

    public static byte[] torchSave() {
        byte[] pickle =
                TestPickle.dict(
                        d ->
                                d.text("a")
                                        .floats("0", 6, 0, new long[] {2, 3}, new long[] {3, 1})
                                        .text("b")
                                        .items(b -> b.text("c").bytes("1", 3)));
        return torchSave(pickle, Map.of("0", floats(6), "1", new byte[] {7, 8, 9}));
    }

    /** A zip as torch.save writes it. */
    public static byte[] torchSave(byte[] pickle, Map<String, byte[]> storages) {
        return torchZip(pickle, storages).build();
    }

    public static TestZip torchZip(byte[] pickle, Map<String, byte[]> storages) {
        var zip =
                TestZip.likePyTorch()
                        .add("archive/data.pkl", pickle, e -> {})
                        .add("archive/byteorder", "little");
        storages.forEach((key, bytes) -> zip.add("archive/data/" + key, bytes, e -> {}));
        return zip.add("archive/version", "3\n");
    }

    /** What a file in data/weights is: one tensor that fills its storage. */
    public static byte[] weight(String storageType, long count, byte[] bytes) {
        byte[] pickle =
                TestPickle.protocol2()
                        .v2(
                                t ->
                                        t.storage(storageType, "0", count)
                                                .view(0, new long[] {count}, new long[] {1}))
                        .stop();
        return torchSave(pickle, Map.of("0", bytes));
    }

    public static final String WEIGHTS_CONFIG =
            "{\"a\": [\"weight_0\", [2, 3], [3, 1], 0], \"b.c\": [\"weight_1\", [3], [1], 0]}";

    public static TestZip packageWithWeights(String config) {
        return packageWithWeights(config.getBytes(StandardCharsets.UTF_8));
    }

    public static TestZip packageWithWeights(byte[] config) {
        byte[] first = weight("FloatStorage", 6, floats(6));
        byte[] second = weight("ByteStorage", 3, new byte[] {7, 8, 9});
        return model().add("p/data/aotinductor/m/weights_config.json", config, e -> {})
                .add("p/data/weights/weight_0", first, e -> {})
                .add("p/data/weights/weight_1", second, e -> {});
    }

    public static TestZip packageWithBlob() {
        return model().add("p/data/aotinductor/m/w.wrapper_weights.blob", blob(), e -> {});
    }

    private static TestZip model() {
        return TestZip.likePyTorch().add("p/data/aotinductor/m/w.wrapper.so", "library");
    }

    /** Each padded to 64 bytes. */
    public static byte[] blob() {
        return ByteBuffer.allocate(128).put(floats(6)).put(64, new byte[] {7, 8, 9}).array();
    }

    /**
     * How many mappings and open descriptors this process has of files whose names contain this.
     */
    public static long uses(String name) throws IOException {
        long count;
        try (var lines = Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            count = lines.filter(line -> line.contains(name)).count();
        }
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).toString().contains(name)) {
                    count++;
                }
            }
        }
        return count;
    }
}
