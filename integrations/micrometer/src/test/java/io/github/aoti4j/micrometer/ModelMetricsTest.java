package io.github.aoti4j.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.Checkout;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What a registry knows of models. */
class ModelMetricsTest {
    private static final Path ADD_ONE = Checkout.fixtures().resolve("add_one/add_one.pt2");
    private static final Path EMBEDDING = Checkout.fixtures().resolve("embedding/embedding.pt2");
    private static final Path MLP = Checkout.fixtures().resolve("weights_mlp");

    private final MeterRegistry registry = new SimpleMeterRegistry();

    private static ModelOptions countedBy(ModelMetrics metrics) {
        return ModelOptions.defaults().engine(Engine.BUILT_IN).listener(metrics);
    }

    private ModelMetrics bound(String name) {
        var metrics = new ModelMetrics(name);
        metrics.bindTo(registry);
        return metrics;
    }

    private static void run(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor zeros = Tensor.of(arena, new float[80], 8, 10);
            assertEquals(1, model.run(arena, zeros).getFirst().toFloatArray()[0]);
        }
    }

    private long runs(String model, String outcome) {
        return registry.get("aoti4j.model.run")
                .tags("model", model, "outcome", outcome)
                .timer()
                .count();
    }

    private double gauge(String name, String model) {
        return registry.get(name).tags("model", model).gauge().value();
    }

    @Test
    void countsRunsOfEachModelByName() {
        try (ModelMetrics first = bound("first");
                ModelMetrics second = bound("second");
                Model one = Model.load(ADD_ONE, countedBy(first));
                Model other = Model.load(ADD_ONE, countedBy(second));
                Runner runner = other.newRunner()) {
            for (int i = 0; i < 3; i++) {
                run(one);
            }
            run(other);
            for (int i = 0; i < 4; i++) {
                runner.run();
            }
            assertEquals(3, runs("first", "success"));
            assertEquals(5, runs("second", "success"));
            assertEquals(0, runs("first", "failure") + runs("second", "failure"));
            var timer = registry.get("aoti4j.model.run").tags("model", "first").timers();
            assertTrue(
                    timer.stream().mapToDouble(t -> t.totalTime(TimeUnit.NANOSECONDS)).sum() > 0);
        }
    }

    @Test
    void countsFailures() {
        try (ModelMetrics metrics = bound("embedding");
                Model model = Model.load(EMBEDDING, countedBy(metrics).checkIndices(false));
                Arena arena = Arena.ofConfined()) {
            Tensor bad = Tensor.of(arena, new long[] {3, 10}, 2);
            Tensor good = Tensor.of(arena, new long[] {3, 9}, 2);
            assertThrows(NativeException.class, () -> model.run(arena, bad));
            assertThrows(NativeException.class, () -> model.run(arena, bad));
            assertEquals(1, model.run(arena, good).size());
            assertEquals(2, runs("embedding", "failure"));
            assertEquals(1, runs("embedding", "success"));
        }
    }

    /** The first run holds the only runner while the registry's timer blocks. */
    @Test
    void timesWaitsForRunners() throws InterruptedException {
        var entered = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        try (ModelMetrics metrics = bound("busy");
                Model model =
                        Model.load(
                                ADD_ONE,
                                countedBy(metrics)
                                        .listener(new Blocking(metrics, entered, leave)))) {
            Thread first = Thread.ofPlatform().start(() -> run(model));
            entered.await();
            Thread second = Thread.ofPlatform().start(() -> run(model));
            while (second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            leave.countDown();
            first.join();
            second.join();
            var waits = registry.get("aoti4j.model.wait").tags("model", "busy").timer();
            assertEquals(1, waits.count());
            assertTrue(waits.totalTime(TimeUnit.NANOSECONDS) > 0);
            assertEquals(2, runs("busy", "success"));
        }
    }

    /** A listener before ours, which blocks runs. */
    private record Blocking(ModelMetrics metrics, CountDownLatch entered, CountDownLatch leave)
            implements io.github.aoti4j.ModelListener {
        @Override
        public void ran(long nanos) {
            metrics.ran(nanos);
            entered.countDown();
            try {
                leave.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void waited(long nanos) {
            metrics.waited(nanos);
        }
    }

    @Test
    void countsLoadsAlsoThoseBeforeItIsBound() {
        var metrics = new ModelMetrics("reloaded");
        try (metrics;
                Model old = Model.load(ADD_ONE, countedBy(metrics))) {
            run(old);
            metrics.bindTo(registry);
            Path missing = Path.of("no-such-file.pt2");
            assertThrows(AotiException.class, () -> Model.load(missing, countedBy(metrics)));
            try (Model next = Model.load(ADD_ONE, countedBy(metrics))) {
                run(next);
                assertEquals(2, gauge("aoti4j.model.open", "reloaded"));
            }
            assertEquals(1, gauge("aoti4j.model.open", "reloaded"));
            assertEquals(2, loads("success"));
            assertEquals(1, loads("failure"));
            assertEquals(1, runs("reloaded", "success"));
        }
    }

    private double loads(String outcome) {
        var timer = registry.get("aoti4j.model.load").tags("outcome", outcome).functionTimer();
        assertTrue(timer.totalTime(TimeUnit.NANOSECONDS) > 0);
        return timer.count();
    }

    @Test
    void tellsTheVersionOfTheConstantsOfTheLastModel() {
        String version = "aoti4j.model.constants.version";
        try (ModelMetrics metrics = bound("mlp")) {
            assertEquals(Double.NaN, gauge(version, "mlp"));
            try (Model model = Model.load(MLP.resolve("blob.pt2"), countedBy(metrics))) {
                assertEquals(0, gauge(version, "mlp"));
                model.constants().update(MLP.resolve("weights_other.safetensors"));
                assertEquals(1, gauge(version, "mlp"));
                Path wrong = Checkout.fixtures().resolve("add_one/ramp.inputs.safetensors");
                assertThrows(AotiException.class, () -> model.constants().update(wrong));
                assertEquals(1, gauge(version, "mlp"));
            }
            assertEquals(Double.NaN, gauge(version, "mlp"));
        }
    }

    @Test
    void tellsTheMemoryOfOpenModels() {
        try (ModelMetrics metrics = bound("mlp")) {
            assertEquals(0, memory("weights.mapped"));
            try (Model model = Model.load(MLP.resolve("blob.pt2"), countedBy(metrics))) {
                assertTrue(memory("weights.mapped") > 0);
                assertEquals((double) model.memory().mappedWeights(), memory("weights.mapped"));
                assertEquals(0, memory("weights.private"));
                try (Model copied =
                        Model.load(MLP.resolve("blob.pt2"), countedBy(metrics).copyWeights(true))) {
                    assertEquals(
                            (double) copied.memory().privateWeights(), memory("weights.private"));
                    assertTrue(memory("weights.private") > 0);
                }
                assertEquals(0, memory("weights.private"));
            }
            assertEquals(0, memory("weights.mapped"));
        }
    }

    private double memory(String area) {
        return registry.get("aoti4j.model.memory").tags("area", area).gauge().value();
    }

    @Test
    void removesItsMetersAndNoOthers() {
        ModelMetrics stays = bound("stays");
        Set<Meter> before = Set.copyOf(registry.getMeters());
        var other = new SimpleMeterRegistry();
        var goes = new ModelMetrics("goes", Tags.of("service", "ocr"));
        goes.bindTo(registry);
        goes.bindTo(other);
        assertTrue(other.getMeters().size() > 5, () -> other.getMeters().toString());
        for (Meter meter : other.getMeters()) {
            assertEquals("goes", meter.getId().getTag("model"));
            assertEquals("ocr", meter.getId().getTag("service"));
        }
        try (Model model = Model.load(ADD_ONE, countedBy(goes))) {
            goes.close();
            goes.close();
            run(model);
        }
        assertEquals(List.of(), other.getMeters());
        assertEquals(before, Set.copyOf(registry.getMeters()));
        stays.close();
        assertEquals(List.of(), registry.getMeters());
    }

    @Test
    void refusesASecondBindingAndOneAfterClose() {
        var metrics = bound("m");
        var twice = assertThrows(IllegalStateException.class, () -> metrics.bindTo(registry));
        assertTrue(twice.getMessage().contains("in this registry already"), twice.getMessage());
        metrics.close();
        var late = assertThrows(IllegalStateException.class, () -> metrics.bindTo(registry));
        assertTrue(late.getMessage().contains("are closed"), late.getMessage());
    }
}
