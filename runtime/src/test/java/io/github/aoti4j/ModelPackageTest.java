package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;

class ModelPackageTest {
    @Test
    void listsItsModels() {
        try (ModelPackage p = ModelPackage.open(Fixture.of("mlp").path())) {
            assertEquals(List.of("model"), p.models());
            assertEquals("AVX2", p.metadata("model").get("AOTI_CPU_ISA"));
        }
    }

    @Test
    void describesAModelWithoutLoadingIt() {
        try (ModelPackage p = ModelPackage.open(Fixture.of("mlp").path())) {
            ModelDescription model = p.describe("model");
            assertTrue(model.sourceKnown());
            assertEquals(1, model.inputs().size());
            assertEquals(List.of("output0"), model.outputs());
            assertTrue(model.inputSpec().orElseThrow().startsWith("[1, {"));
            assertTrue(
                    model.constants().stream().anyMatch(c -> c.fqn().endsWith("weight")),
                    () -> model.constants().toString());
            assertTrue(model.libraryBytes() > 0);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "in_so, .wrapper.so",
        "appended, .wrapper.so",
        "blob, offset ",
        "disk, data/weights/weight_",
        "none, not in the package"
    })
    void saysWhereEachConstantLies(String packaging, String location) {
        Path path = Fixture.of("weights_mlp").folder().resolve(packaging + ".pt2");
        try (ModelPackage p = ModelPackage.open(path)) {
            List<ConstantInfo> constants = p.describe("model").constants();
            assertEquals(7, constants.size());
            for (ConstantInfo constant : constants) {
                assertTrue(constant.location().contains(location), constant::toString);
            }
        }
    }

    @Test
    void namesTheModelsThereAreWhenAskedForAnother() {
        Path path = Fixture.of("mlp").path();
        var e =
                assertThrows(
                        PackageException.class,
                        () -> Model.load(path, ModelOptions.defaults().model("decoder")));
        assertEquals(path, e.path());
        assertTrue(e.getMessage().contains("\"decoder\""), e::getMessage);
        assertTrue(e.getMessage().contains("\"model\""), e::getMessage);
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void needNotStayOpenForItsModels() {
        Model model;
        try (ModelPackage p = ModelPackage.open(Fixture.of("mlp").path())) {
            model = p.load();
        }
        try (model) {
            assertEquals(1, model.inputs().size());
        }
    }

    /**
     * The JVM may interrupt a thread that reads memory which another one unmaps. The digest of a
     * package in memory is not remembered, so that each load reads all of the library.
     */
    @Test
    @NeedsLibTorch
    @OnBothEngines
    void closingUnderALoadInterruptsNobody() throws Exception {
        byte[] bytes = Files.readAllBytes(Fixture.of("mlp").path());
        var random = new SplittableRandom(1);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            var p = ModelPackage.open(MemorySegment.ofArray(bytes));
            var loading = new FutureTask<String>(() -> loadInto(p));
            Thread.ofPlatform().start(loading);
            LockSupport.parkNanos(random.nextInt(2_000_000));
            p.close();
            String end = loading.get();
            assertFalse(end.startsWith("interrupted"), end);
            refused += end.isEmpty() ? 0 : 1;
        }
        assertTrue(refused > 0, "no load was under way when its package was closed");
    }

    private static String loadInto(ModelPackage p) {
        String end = "";
        try {
            p.load().close();
        } catch (IllegalStateException e) {
            end = e.toString();
        }
        return (Thread.interrupted() ? "interrupted " : "") + end;
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        assertThrows(IllegalArgumentException.class, () -> ModelOptions.defaults().runners(0));
        assertThrows(NullPointerException.class, () -> ModelOptions.defaults().model(null));
        assertThrows(NullPointerException.class, () -> ModelPackage.open((Path) null));
    }
}
