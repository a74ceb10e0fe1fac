package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Packages without their source do not state how their weights lie in memory. */
@NeedsLibTorch
@OnBothEngines
class SourcelessWeightsTest {
    @TempDir private Path folder;

    private Path withoutSource(String fixture, String packaging) throws IOException {
        return Unpacked.into(
                Files.createDirectory(folder.resolve(packaging)),
                Fixture.of(fixture).folder().resolve(packaging + ".pt2"),
                name -> !name.endsWith(".cpp"));
    }

    private static void assertAnswers(String fixture, String suffix, Model model) {
        String c = Fixture.of(fixture).cases().getFirst();
        try (Arena arena = Arena.ofConfined()) {
            Golden.assertMatches(
                    Fixture.of(fixture).outputs(c + suffix, arena),
                    model.run(arena, Fixture.of(fixture).inputs(c, model, arena)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "strided_weight, in_so",
        "strided_weight, blob",
        "strided_weight, disk",
        "runtime_folding, blob",
        "tied, disk"
    })
    void weightsAreLaidOutAsTheCodeExpectsThem(String fixture, String packaging)
            throws IOException {
        Path path = withoutSource(fixture, packaging);
        for (boolean copy : new boolean[] {false, true}) {
            ModelOptions options = ModelOptions.defaults().copyWeights(copy);
            // Tied weights have one name in a safetensors file, and strides are lost there.
            String other =
                    fixture.equals("tied") ? "weights_other.pt" : "weights_other.safetensors";
            Path weights = Fixture.of(fixture).folder().resolve(other);
            try (Model model = Model.load(path, options)) {
                assertAnswers(fixture, "", model);
                model.constants().update(weights);
                assertAnswers(fixture, ".other", model);
            }
            try (Model model = Model.load(path, options.weights(weights))) {
                assertAnswers(fixture, ".other", model);
            }
        }
    }

    @Test
    void weightsOfOtherSizesAreRefused() throws IOException {
        Path path = withoutSource("strided_weight", "in_so");
        try (Model model = Model.load(path);
                Arena arena = Arena.ofConfined()) {
            Tensor turned = Tensor.zeros(arena, DType.FLOAT32, 12, 16);
            assertThrows(
                    IncompatibleModelException.class,
                    () -> model.constants().update(Map.of("transposed", turned)));
        }
    }
}
