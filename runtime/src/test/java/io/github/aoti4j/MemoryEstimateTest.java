package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** What packages say of memory, compared with what models have. */
@NeedsLibTorch
@OnBothEngines
class MemoryEstimateTest {
    @TempDir private Path folder;

    private static Path file(String model, String name) {
        return Fixture.of(model).folder().resolve(name);
    }

    /** The copy is that of PyTorch's container: each constant at a multiple of 64 bytes. */
    @ParameterizedTest
    @CsvSource({
        // model, packaging, runners, copied; private, mapped
        "weights_mlp, in_so, 1, false, 2688, 0",
        "weights_mlp, in_so, 3, false, 8064, 0",
        "weights_mlp, appended, 1, false, 2688, 0",
        "weights_mlp, appended, 2, true, 5376, 0",
        "weights_mlp, blob, 1, false, 0, 2648",
        "weights_mlp, blob, 3, false, 0, 2648",
        "weights_mlp, blob, 1, true, 2688, 0",
        "weights_mlp, blob, 3, true, 2688, 0",
        "weights_mlp, disk, 2, false, 0, 2648",
        "weights_mlp, disk, 2, true, 2688, 0",
        "weights_mlp, none, 1, false, 0, 2648",
        "runtime_folding, in_so, 2, false, 1440, 0",
        "runtime_folding, blob, 1, false, 480, 836",
        "mutated_buffer, blob, 1, false, 0, 720",
        "mixed_dtypes, blob, 1, false, 0, 394",
        "mixed_dtypes, disk, 2, true, 832, 0",
        "strided_weight, in_so, 1, false, 1600, 0",
        "strided_weight, disk, 1, false, 0, 1404",
        "tied, disk, 1, false, 0, 1856"
    })
    void weightsTakeWhatThePackageSays(
            String model,
            String packaging,
            int runners,
            boolean copied,
            long privateBytes,
            long mapped) {
        ModelOptions options = ModelOptions.defaults().runners(runners).copyWeights(copied);
        if (packaging.equals("none")) {
            options = options.weights(file(model, "weights.pt"));
        }
        try (ModelPackage opened = ModelPackage.open(file(model, packaging + ".pt2"));
                Model loaded = opened.load(options)) {
            MemoryEstimate estimate = opened.memory("model", options);
            assertTrue(estimate.constantsKnown());
            assertEquals(runners, estimate.runners());
            MemoryUse use = loaded.memory();
            assertEquals(estimate.privateWeights(), use.privateWeights());
            assertEquals(estimate.mappedWeights(), use.mappedWeights());
            assertEquals(privateBytes, use.privateWeights());
            assertEquals(mapped, use.mappedWeights());
        }
    }

    /** Fixtures without operators that need scratch memory, at their largest inputs. */
    @ParameterizedTest
    @CsvSource({
        "add_one, ramp, 320, 320, 320",
        "mlp, batch1024, 40960, 4096, 69636",
        "derived_sizes, 50x50, 30204, 20200, 20200",
        "shared_batch, batch32, 9472, 8832, 8832",
        "multi_output, random, 120, 119, 119"
    })
    void aRunTakesWhatTheSourceSays(
            String name, String largest, long inputs, long outputs, long run) {
        Fixture fixture = Fixture.of(name);
        try (ModelPackage opened = ModelPackage.open(fixture.path());
                Model loaded = opened.load();
                Arena arena = Arena.ofConfined()) {
            MemoryEstimate estimate = opened.describe("model").memory();
            assertEquals(OptionalLong.of(inputs), estimate.inputBytes());
            assertEquals(OptionalLong.of(outputs), estimate.outputBytes());
            assertEquals(OptionalLong.of(run), estimate.runBytes());
            assertEquals(OptionalLong.of(estimate.privateWeights() + run), estimate.privateBytes());
            List<Tensor> tensors = fixture.inputs(largest, loaded, arena);
            long given = tensors.stream().mapToLong(t -> t.segment().byteSize()).sum();
            assertTrue(given <= inputs, "inputs of " + given);
            loaded.run(arena, tensors);
            MemoryUse use = loaded.memory();
            long pools = use.runsInUse() + use.runsKept();
            if (EngineUnderTest.isBuiltIn()) {
                assertTrue(use.runsInUse() >= outputs && pools >= run, "too little: " + use);
                assertTrue(pools <= run + run / 8 + 64 * 5, "too much: " + use);
            } else {
                assertEquals(0, pools);
            }
        }
    }

    /** Such a package is estimated by its files; its container says more. */
    @ParameterizedTest
    @CsvSource({
        "weights_mlp, in_so, false, 2688",
        "weights_mlp, blob, false, 2688",
        "weights_mlp, disk, false, 0",
        "weights_mlp, disk, true, 2688",
        "runtime_folding, blob, false, 1472"
    })
    void withoutItsSourceAPackageTakesAtMostWhatItsFilesHave(
            String model, String packaging, boolean copied, long actual) throws IOException {
        Path path =
                Unpacked.into(folder, file(model, packaging + ".pt2"), n -> !n.endsWith(".cpp"));
        ModelOptions options = ModelOptions.defaults().copyWeights(copied).runners(2);
        try (ModelPackage opened = ModelPackage.open(path);
                Model loaded = opened.load(options)) {
            MemoryEstimate estimate = opened.memory("model", options);
            assertFalse(estimate.constantsKnown());
            assertEquals(OptionalLong.empty(), estimate.runBytes());
            assertEquals(actual, loaded.memory().privateWeights());
            long folded = model.equals("runtime_folding") ? 512 : 0;
            assertTrue(estimate.privateWeights() >= actual - folded, estimate.toString());
        }
    }

    @Test
    void weightsOnADeviceAreNotPrivate() {
        Path cuda = Checkout.fixtures().resolve("cuda");
        for (String packaging : List.of("scaled_in_so", "scaled_blob", "scaled_disk")) {
            try (ModelPackage opened = ModelPackage.open(cuda.resolve(packaging + ".pt2"))) {
                MemoryEstimate estimate = opened.describe("model").memory();
                assertEquals(120, estimate.deviceWeights());
                assertEquals(0, estimate.privateWeights() + estimate.mappedWeights());
            }
        }
    }

    @Test
    void whatIsOnlyKnownInARunIsLeftOpen() {
        try (ModelPackage opened = ModelPackage.open(Fixture.of("data_dependent").path())) {
            MemoryEstimate estimate = opened.describe("model").memory();
            assertEquals(OptionalLong.of(96), estimate.inputBytes());
            assertEquals(OptionalLong.empty(), estimate.outputBytes());
            assertEquals(OptionalLong.empty(), estimate.runBytes());
            assertEquals(OptionalLong.empty(), estimate.privateBytes());
        }
    }

    @Test
    void aPackageInMemoryCountsAndAClosedModelHasNothing() throws Exception {
        byte[] bytes = Files.readAllBytes(file("weights_mlp", "blob.pt2"));
        Model model;
        try (ModelPackage opened = ModelPackage.open(MemorySegment.ofArray(bytes))) {
            MemoryEstimate estimate = opened.describe("model").memory();
            assertEquals(bytes.length, estimate.privateWeights());
            model = opened.load();
        }
        assertEquals(bytes.length, model.memory().privateWeights());
        try (Arena arena = Arena.ofConfined()) {
            Fixture fixture = Fixture.of("weights_mlp");
            model.run(arena, fixture.inputs("batch3", model, arena));
            model.close();
        }
        assertEquals(0, model.memory().privateBytes());
        assertEquals(0, model.memory().mappedWeights());
    }
}
