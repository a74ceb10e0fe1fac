package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.testing.Unpacked;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A model keeps to its memory limit: when it is loaded, when it is updated, when it runs. */
@NeedsLibTorch
@OnBothEngines
class MemoryLimitTest {
    private static final Fixture WEIGHTS = Fixture.of("weights_mlp");
    private static final Fixture FOLDING = Fixture.of("runtime_folding");
    private static final Fixture MLP = Fixture.of("mlp");

    @TempDir private Path folder;

    private static Path blob(Fixture fixture) {
        return fixture.folder().resolve("blob.pt2");
    }

    private static ModelOptions limit(long bytes) {
        return ModelOptions.defaults().memoryLimit(bytes);
    }

    private static void answers(Fixture fixture, String name, String values, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, fixture.inputs(name, model, arena));
            Golden.assertMatches(fixture.outputs(name + values, arena), outputs);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "in_so, 1, false, 2688, weights in its library",
        "in_so, 3, false, 8064, load it with fewer runners",
        "appended, 1, false, 2688, binary_blob",
        "blob, 2, true, 2688, use weights in place",
        "disk, 1, true, 2688, use weights in place"
    })
    void loadingIsRefusedBelowWhatItTakes(
            String packaging, int runners, boolean copied, long bytes, String part) {
        Path path = WEIGHTS.folder().resolve(packaging + ".pt2");
        ModelOptions options = limit(bytes - 1).runners(runners).copyWeights(copied);
        var e = assertThrows(MemoryLimitException.class, () -> Model.load(path, options));
        assertEquals(bytes, e.needed());
        assertEquals(0, e.held());
        assertEquals(bytes - 1, e.limit());
        for (String expected : List.of(part, "needs " + bytes, "limit is " + (bytes - 1))) {
            assertTrue(e.getMessage().contains(expected), e.getMessage());
        }
        try (Model model = Model.load(path, options.memoryLimit(bytes))) {
            assertEquals(bytes, model.memory().privateWeights());
            assertEquals(OptionalLong.of(bytes), model.memory().limit());
        }
    }

    @Test
    void mappedWeightsNeedNothing() {
        for (String packaging : List.of("blob", "disk")) {
            Path path = WEIGHTS.folder().resolve(packaging + ".pt2");
            try (Model model = Model.load(path, limit(0))) {
                assertEquals(0, model.memory().privateBytes());
                model.constants().update(WEIGHTS.folder().resolve("weights_other.safetensors"));
                assertEquals(2648, model.memory().mappedWeights());
                assertEquals(0, model.memory().privateBytes());
            }
        }
    }

    @Test
    void aPackageInMemoryCounts() throws Exception {
        byte[] bytes = Files.readAllBytes(blob(WEIGHTS));
        MemorySegment segment = MemorySegment.ofArray(bytes);
        var e =
                assertThrows(
                        MemoryLimitException.class,
                        () -> Model.load(segment, limit(bytes.length - 1)));
        assertEquals(bytes.length, e.needed());
        assertTrue(e.getMessage().startsWith("package <memory>, which is copied, needs"));
        try (ModelPackage opened = ModelPackage.open(segment)) {
            e =
                    assertThrows(
                            MemoryLimitException.class, () -> opened.load(limit(bytes.length - 1)));
            assertTrue(e.getMessage().contains(bytes.length + " bytes of the package in memory"));
        }
        try (Model model = Model.load(segment, limit(bytes.length))) {
            assertEquals(bytes.length, model.memory().privateWeights());
        }
    }

    /** The given tensors are copied beside those in use, which must go on. */
    @Test
    void anUpdateThatNeedsASecondCopyIsRefused() {
        try (Arena arena = Arena.ofConfined();
                Model model = Model.load(blob(WEIGHTS), limit(1 << 20))) {
            Tensor hidden = Tensor.zeros(arena, DType.FLOAT32, 16, 16);
            model.constants().update(Map.of("hidden.weight", hidden));
            assertEquals(1024, model.memory().privateWeights());
            assertEquals(2648 - 1024, model.memory().mappedWeights());
        }
        try (Arena arena = Arena.ofConfined();
                Model model = Model.load(blob(WEIGHTS), limit(0))) {
            Tensor hidden = Tensor.zeros(arena, DType.FLOAT32, 16, 16);
            var e =
                    assertThrows(
                            MemoryLimitException.class,
                            () -> model.constants().update(Map.of("hidden.weight", hidden)));
            assertEquals(1024, e.needed());
            assertEquals(0, model.memory().privateBytes());
        }
        // Room for one copy, and for the runs that show which values are in use.
        try (Arena arena = Arena.ofConfined();
                Model model = Model.load(blob(WEIGHTS), limit(2000))) {
            Map<String, Tensor> given =
                    Map.of("hidden.weight", read(arena, model, "hidden.weight"));
            model.constants().update(given);
            answers(WEIGHTS, "batch1", "", model);
            assertThrows(MemoryLimitException.class, () -> model.constants().update(given));
            assertEquals(1024, model.memory().privateWeights());
            answers(WEIGHTS, "batch1", "", model);
            model.constants().update(WEIGHTS.folder().resolve("weights_other.pt"));
            assertEquals(0, model.memory().privateWeights());
            answers(WEIGHTS, "batch1", ".other", model);
            model.constants().update(given);
            assertEquals(1024, model.memory().privateWeights());
        }
    }

    private static Tensor read(Arena arena, Model model, String name) {
        try (Arena own = Arena.ofConfined()) {
            return model.constants().read(own, name).copy(arena);
        }
    }

    /** The first update makes a second set of what is computed, which stays. */
    @Test
    void anUpdateThatFoldsAgainNeedsASecondSet() {
        String c = FOLDING.cases().getFirst();
        Path other = FOLDING.folder().resolve("weights_other.pt");
        long runs = 4096;
        try (Model model = Model.load(blob(FOLDING), limit(480))) {
            var e = assertThrows(MemoryLimitException.class, () -> model.constants().update(other));
            assertEquals(480, e.needed());
            assertEquals(480, e.held());
            assertEquals(480, model.memory().privateWeights());
        }
        try (Model model = Model.load(blob(FOLDING), limit(2 * 480 + runs))) {
            model.constants().update(other);
            answers(FOLDING, c, ".other", model);
            model.constants().update(FOLDING.folder().resolve("weights.pt"));
            answers(FOLDING, c, "", model);
            assertEquals(2 * 480, model.memory().privateWeights());
        }
    }

    /** The container frees its own copy with the first update that replaces all of it. */
    @Test
    void whatAnUpdateReplacesIsFree() {
        Path path = WEIGHTS.folder().resolve("in_so.pt2");
        try (Model model = Model.load(path, limit(2688 + 4096))) {
            model.constants().update(WEIGHTS.folder().resolve("weights_other.pt"));
            assertEquals(0, model.memory().privateWeights());
            assertEquals(2648, model.memory().mappedWeights());
            answers(WEIGHTS, "batch3", ".other", model);
        }
    }

    @Test
    void aRunBeyondTheLimitFailsAndASmallerOneIsRight() {
        long most = 768 + 20_000;
        try (Model model = Model.load(MLP.path(), limit(most));
                Arena arena = Arena.ofConfined()) {
            List<Tensor> large = MLP.inputs("batch1024", model, arena);
            for (int i = 0; i < 3; i++) {
                if (EngineUnderTest.isBuiltIn()) {
                    var e = assertThrows(NativeException.class, () -> model.run(arena, large));
                    assertEquals("aoti_torch_empty_strided", e.function());
                    var limit = assertInstanceOf(MemoryLimitException.class, e.getCause());
                    assertEquals(65_536, limit.needed());
                    assertEquals(most, limit.limit());
                    for (String part : List.of("float32 [1024, 16]", "limit is " + most)) {
                        assertTrue(e.getMessage().contains(part), e.getMessage());
                    }
                } else {
                    // libtorch's allocator takes what it needs.
                    Golden.assertMatches(MLP.outputs("batch1024", arena), model.run(arena, large));
                }
                answers(MLP, "batch8", "", model);
            }
            assertTrue(model.memory().privateBytes() <= most);
        }
    }

    /** Room for about two large runs of four. */
    @Test
    void runsNearTheLimitAnswerRightlyOrFail() throws Exception {
        int runners = 4;
        AtomicInteger answered = new AtomicInteger();
        ModelOptions options = limit(runners * 768 + 150_000).runners(runners);
        try (Model model = Model.load(MLP.path(), options);
                var executor = Executors.newFixedThreadPool(runners)) {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < runners; t++) {
                tasks.add(
                        () -> {
                            for (int i = 0; i < 25; i++) {
                                try {
                                    answers(MLP, i % 2 == 0 ? "batch1024" : "batch8", "", model);
                                    answered.incrementAndGet();
                                } catch (NativeException e) {
                                    assertInstanceOf(MemoryLimitException.class, e.getCause());
                                }
                                MemoryUse use = model.memory();
                                assertTrue(use.privateWeights() == runners * 768L, use.toString());
                            }
                            return null;
                        });
            }
            for (Future<Void> task : executor.invokeAll(tasks)) {
                task.get();
            }
            assertTrue(answered.get() > 0);
            answers(MLP, "batch1024", "", model);
            assertEquals(0, model.memory().runsInUse());
        }
    }

    @Test
    void valuesAreChecked() {
        ModelOptions options = ModelOptions.defaults();
        assertEquals(OptionalLong.empty(), options.memoryLimit());
        for (long bad : new long[] {-1, Long.MIN_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> options.memoryLimit(bad));
        }
        try (Model model = Model.load(blob(WEIGHTS), limit(Long.MAX_VALUE))) {
            answers(WEIGHTS, "batch3", "", model);
        }
    }

    @Test
    void thePropertyIsTheDefault() {
        String property = "aoti.memory.limit";
        Path path = WEIGHTS.folder().resolve("in_so.pt2");
        try {
            System.setProperty(property, "2k");
            var e = assertThrows(MemoryLimitException.class, () -> Model.load(path));
            assertEquals(2048, e.limit());
            Model.load(path, limit(1 << 20)).close();
            System.setProperty(property, "1M");
            try (Model model = Model.load(path)) {
                assertEquals(OptionalLong.of(1 << 20), model.memory().limit());
            }
            System.setProperty(property, "-5");
            var bad = assertThrows(IncompatibleModelException.class, () -> Model.load(path));
            assertTrue(bad.getMessage().startsWith("-Daoti.memory.limit: \"-5\" is no size"));
        } finally {
            System.clearProperty(property);
        }
    }

    /** What the source says is refused by a limit; otherwise the container's sizes count. */
    @Test
    void sizesThatNoMemoryHasAreRefused() throws Exception {
        Path unpacked = folder;
        Unpacked.into(unpacked, WEIGHTS.folder().resolve("in_so.pt2"));
        Path source;
        try (var files = Files.walk(unpacked)) {
            source = files.filter(f -> f.toString().endsWith("wrapper.cpp")).findFirst().get();
        }
        String text = Files.readString(source);
        Files.writeString(
                source, text.replaceAll("data_size = \\d+", "data_size = 9223372036854775807"));
        try (ModelPackage opened = ModelPackage.open(unpacked)) {
            assertEquals(1L << 60, opened.describe("model").memory().privateWeights());
            var e = assertThrows(MemoryLimitException.class, () -> opened.load(limit(1L << 40)));
            assertEquals(1L << 60, e.needed());
            try (Model model = opened.load()) {
                assertEquals(2688, model.memory().privateWeights());
                answers(WEIGHTS, "batch3", "", model);
            }
        }
        // Too little is found out by the container.
        Files.writeString(source, text.replaceAll("data_size = \\d+", "data_size = 1"));
        var e = assertThrows(MemoryLimitException.class, () -> Model.load(unpacked, limit(2000)));
        assertEquals(448, e.held());
        assertEquals(2688 - 448, e.needed());
    }
}
