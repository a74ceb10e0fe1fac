package io.github.aoti4j.micrometer;

import io.github.aoti4j.MemoryUse;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.BaseUnits;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** The meters in one registry. */
final class BoundMeters {
    private static final String OUTCOME = "outcome";
    private static final String SUCCESS = "success";
    private static final String FAILURE = "failure";

    private final MeterRegistry registry;
    private final List<Meter> all = new ArrayList<>();
    private final Timer runs;
    private final Timer failedRuns;
    private final Timer waits;

    BoundMeters(MeterRegistry registry, Tags tags, LoadedModels models) {
        this.registry = registry;
        runs = run(tags.and(OUTCOME, SUCCESS));
        failedRuns = run(tags.and(OUTCOME, FAILURE));
        waits =
                added(
                        Timer.builder("aoti4j.model.wait")
                                .description("Runs that waited for a runner or for constants")
                                .tags(tags)
                                .register(registry));
        load(tags.and(OUTCOME, SUCCESS), models.successes());
        load(tags.and(OUTCOME, FAILURE), models.failures());
        memory("weights.private", tags, models, MemoryUse::privateWeights);
        memory("weights.mapped", tags, models, MemoryUse::mappedWeights);
        memory("runs.used", tags, models, MemoryUse::runsInUse);
        memory("runs.kept", tags, models, MemoryUse::runsKept);
        added(
                Gauge.builder("aoti4j.model.open", models, LoadedModels::open)
                        .description("Models that are open")
                        .tags(tags)
                        .register(registry));
        added(
                Gauge.builder(
                                "aoti4j.model.constants.version",
                                models,
                                LoadedModels::constantsVersion)
                        .description("Updates of the constants of the model loaded last")
                        .tags(tags)
                        .register(registry));
    }

    private void memory(
            String area, Tags tags, LoadedModels models, ToLongFunction<MemoryUse> part) {
        added(
                Gauge.builder("aoti4j.model.memory", models, all -> all.sum(part))
                        .description("Native memory of the models that are open")
                        .baseUnit(BaseUnits.BYTES)
                        .tags(tags.and("area", area))
                        .register(registry));
    }

    private Timer run(Tags tags) {
        return added(
                Timer.builder("aoti4j.model.run")
                        .description("Runs of a model's native code")
                        .tags(tags)
                        .register(registry));
    }

    private void load(Tags tags, LoadedModels.Total total) {
        added(
                FunctionTimer.builder(
                                "aoti4j.model.load",
                                total,
                                LoadedModels.Total::count,
                                LoadedModels.Total::nanos,
                                TimeUnit.NANOSECONDS)
                        .description("Loads of a model")
                        .tags(tags)
                        .register(registry));
    }

    private <M extends Meter> M added(M meter) {
        all.add(meter);
        return meter;
    }

    @SuppressWarnings("ReferenceEquality")
    boolean isIn(MeterRegistry other) {
        return registry == other;
    }

    void ran(long nanos) {
        runs.record(nanos, TimeUnit.NANOSECONDS);
    }

    void runFailed(long nanos) {
        failedRuns.record(nanos, TimeUnit.NANOSECONDS);
    }

    void waited(long nanos) {
        waits.record(nanos, TimeUnit.NANOSECONDS);
    }

    void remove() {
        for (Meter meter : all) {
            registry.remove(meter);
            meter.close();
        }
    }
}
