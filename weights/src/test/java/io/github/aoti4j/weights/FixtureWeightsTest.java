package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.pt2.FixturePackagesTest;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The same weights in every format, as PyTorch and the reference implementation of safetensors
 * wrote them. Where a name is missing from one, it is one that shares its tensor with another.
 */
class FixtureWeightsTest {
    @Test
    void torchSaveHoldsWhatSafetensorsHolds() throws IOException {
        for (var path : FixturePackagesTest.fixtures("/weights.pt", "/weights_other.pt")) {
            var dense =
                    path.resolveSibling(
                            path.getFileName().toString().replace(".pt", ".safetensors"));
            try (var saved = WeightFiles.open(path);
                    var expected = WeightFiles.open(dense)) {
                assertHolds(saved, expected, expected.names());
            }
        }
    }

    @Test
    void shardsHoldWhatTheWholeHolds() throws IOException {
        for (var path : FixturePackagesTest.fixtures(".safetensors.index.json")) {
            var whole = path.resolveSibling("weights.safetensors");
            try (var shards = WeightFiles.open(path);
                    var expected = WeightFiles.open(whole)) {
                assertEquals(new HashSet<>(expected.names()), new HashSet<>(shards.names()));
                assertHolds(shards, expected, expected.names());
            }
        }
    }

    @Test
    void packagedWeightsAreThoseOfTheStateDict() throws IOException {
        for (var path : FixturePackagesTest.fixtures("/disk.pt2")) {
            try (var archive = Pt2Archive.open(path);
                    var weights = archive.model("model").openWeights(_ -> false);
                    var expected = WeightFiles.open(path.resolveSibling("weights.pt"))) {
                assertFalse(weights.names().isEmpty());
                assertHolds(weights, expected, weights.names());
                for (String name : weights.names()) {
                    assertArrayEquals(
                            expected.find(name).orElseThrow().strides(),
                            weights.find(name).orElseThrow().strides(),
                            () -> path + " " + name);
                }
            }
        }
    }

    @Test
    void blobsHoldTheStateDict() throws IOException {
        for (var path : FixturePackagesTest.fixtures("/blob.pt2")) {
            var stateDict = path.resolveSibling("weights.pt");
            if (Files.notExists(stateDict)) {
                continue; // made for measurements: its blob is left out of the package
            }
            try (var archive = Pt2Archive.open(path);
                    var expected = WeightFiles.open(stateDict)) {
                var model = archive.model("model");
                var layout = layout(archive.text(model.wrapperSource().orElseThrow()));
                try (var weights = model.openBlob(layout, _ -> false)) {
                    assertFalse(weights.names().isEmpty());
                    var named = new ArrayList<>(weights.names());
                    named.retainAll(expected.names());
                    assertFalse(named.isEmpty());
                    assertHolds(weights, expected, named);
                }
            }
        }
    }

    private static void assertHolds(
            TensorSource source, TensorSource expected, List<String> names) {
        for (String name : names) {
            var tensor = source.find(name).orElseThrow();
            var wanted = expected.find(name).orElseThrow();
            assertEquals(wanted.dtype(), tensor.dtype(), name);
            assertArrayEquals(wanted.shape(), tensor.shape(), name);
            assertArrayEquals(TestTensors.dense(wanted), TestTensors.dense(tensor), name);
        }
    }

    /** What the source of a wrapper says of its constants: just enough for these fixtures. */
    private static List<BlobTensor> layout(String source) {
        var layout = new ArrayList<BlobTensor>();
        var folded = values(source, "from_folded", "(true|false)");
        var names = values(source, "original_fqn", "\"([^\"]*)\"");
        var dtypes = values(source, "dtype", "cached_torch_dtype_(\\w+)");
        var offsets = values(source, "offset", "(\\d+)");
        var sizes = values(source, "data_size", "(\\d+)");
        var shapes = values(source, "shape", "\\{([^}]*)\\}");
        var strides = values(source, "stride", "\\{([^}]*)\\}");
        assertTrue(folded.size() > 0 && folded.size() == names.size(), "no constants found");
        for (int i = 0; i < names.size(); i++) {
            if (folded.get(i).equals("false")) {
                layout.add(
                        new BlobTensor(
                                names.get(i),
                                DType.ofTorchName(dtypes.get(i)).orElseThrow(),
                                numbers(shapes.get(i)),
                                numbers(strides.get(i)),
                                Long.parseLong(offsets.get(i)),
                                Long.parseLong(sizes.get(i))));
            }
        }
        return layout;
    }

    private static List<String> values(String source, String field, String value) {
        return Pattern.compile("constants_info_\\[\\d+\\]\\." + field + " = " + value + ";")
                .matcher(source)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static long[] numbers(String list) {
        return Arrays.stream(list.split(",", -1))
                .map(number -> number.replaceAll("[^0-9]", ""))
                .filter(number -> !number.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
    }

    @Test
    void namesOfOneTensorShareItsBytes() throws IOException {
        for (Path path : FixturePackagesTest.fixtures("/tied/weights.pt")) {
            try (var source = WeightFiles.open(path)) {
                assertEquals(
                        source.find("embed.weight").orElseThrow().segment(),
                        source.find("head.weight").orElseThrow().segment());
            }
        }
    }

    @Test
    void aPackageIsNoFileOfTensors() throws IOException {
        for (Path path : FixturePackagesTest.fixtures("/none.pt2")) {
            Refusals.assertRefused(path, () -> WeightFiles.open(path), "package");
        }
    }
}
