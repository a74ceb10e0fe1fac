package io.github.aoti4j.weights.torchsave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TestTensors;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.pt2.FixturePackagesTest;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** The committed files of torch.save, and what PyTorch says is in them. */
class TorchSaveFixturesTest {
    private static final JsonNode EXPECTED = read();

    private static Path folder() throws IOException {
        return FixturePackagesTest.fixtures("/torch_save/expected.json").getFirst().getParent();
    }

    private static JsonNode read() {
        try {
            return new ObjectMapper().readTree(folder().resolve("expected.json"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> files() {
        return EXPECTED.propertyNames().stream();
    }

    @ParameterizedTest
    @MethodSource("files")
    void holdsWhatPyTorchSaysOrIsRefused(String file) throws Exception {
        var path = folder().resolve(file);
        var expected = EXPECTED.get(file);
        switch (file) {
            case "tensor.pt" -> assertRefused(path, "without a name");
            case "legacy.pt" -> assertRefused(path, "before version 1.6");
            case "torchscript.pt" -> assertRefused(path, "TorchScript");
            default -> {
                if (expected.has("refused")) {
                    assertRefused(path, "\"" + expected.get("refused").asString() + "\"");
                } else {
                    assertHolds(path, expected.get("tensors"));
                }
            }
        }
    }

    private static void assertRefused(Path path, String reason) {
        var refusal = assertThrows(PackageException.class, () -> WeightFiles.open(path));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private static void assertHolds(Path path, JsonNode tensors) throws Exception {
        try (var source = WeightFiles.open(path)) {
            var names = new ArrayList<String>();
            var storages = new HashMap<Integer, Long>();
            for (var expected : tensors) {
                String name = name(expected.get("path"));
                if (name == null) {
                    continue;
                }
                names.add(name);
                var tensor = source.find(name).orElseThrow(() -> new AssertionError(name));
                assertEquals(expected.get("dtype").asString(), tensor.dtype().torchName());
                assertArrayEquals(longs(expected.get("shape")), tensor.shape(), name);
                assertArrayEquals(longs(expected.get("stride")), tensor.strides(), name);
                assertEquals(expected.get("sha256").asString(), sha256(tensor), name);
                if (tensor.segment().byteSize() > 0) {
                    // Where the storage starts is the same for all that share it.
                    long offset = expected.get("offset").asLong() * tensor.dtype().byteSize();
                    long storage = tensor.segment().address() - offset;
                    var before = storages.put(expected.get("storage").asInt(), storage);
                    assertTrue(before == null || before == storage, name);
                }
            }
            assertFalse(names.isEmpty());
            assertEquals(names, source.names());
        }
    }

    /** The name that the tensor gets: of a checkpoint only the model's part counts. */
    private static String name(JsonNode path) {
        var keys = new ArrayList<String>();
        path.forEach(key -> keys.add(key.asString()));
        if (keys.size() > 1) {
            return keys.removeFirst().equals("model") ? String.join(".", keys) : null;
        }
        return keys.getFirst();
    }

    private static long[] longs(JsonNode numbers) {
        List<Long> longs = new ArrayList<>();
        numbers.forEach(number -> longs.add(number.asLong()));
        return longs.stream().mapToLong(Long::longValue).toArray();
    }

    private static String sha256(StoredTensor tensor) throws NoSuchAlgorithmException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(TestTensors.dense(tensor));
        return HexFormat.of().formatHex(digest);
    }
}
