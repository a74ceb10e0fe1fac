package io.github.aoti4j.micrometer;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.MemoryUse;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelListener;
import io.github.aoti4j.ModelOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import java.util.Arrays;
import java.util.List;

/**
 * Meters of a model: of one, or of all that a service loads one after the other under one name.
 *
 * <pre>{@code
 * ModelMetrics metrics = new ModelMetrics("digits");
 * metrics.bindTo(registry);
 * Model model = Model.load(path, ModelOptions.defaults().listener(metrics));
 * }</pre>
 *
 * <table class="striped">
 * <caption>Meters; all have the tag {@code model}</caption>
 * <tr><th>meter</th><th>type</th><th>meaning</th></tr>
 * <tr><td>{@code aoti4j.model.run}, {@code outcome} {@code success} or {@code failure}</td>
 *     <td>timer</td>
 *     <td>runs of native code: how many, and how long; {@link ModelListener#ran} says what is
 *     measured</td></tr>
 * <tr><td>{@code aoti4j.model.wait}</td><td>timer</td>
 *     <td>runs that had to wait for a runner or for an exchange of constants</td></tr>
 * <tr><td>{@code aoti4j.model.load}, {@code outcome}</td><td>function timer</td>
 *     <td>loads, also those before {@link #bindTo}</td></tr>
 * <tr><td>{@code aoti4j.model.open}</td><td>gauge</td><td>models that are open</td></tr>
 * <tr><td>{@code aoti4j.model.constants.version}</td><td>gauge</td>
 *     <td>updates of the constants of the model loaded last</td></tr>
 * <tr><td>{@code aoti4j.model.memory}, {@code area} {@code weights.private}, {@code
 *     weights.mapped}, {@code runs.used} or {@code runs.kept}</td><td>gauge, bytes</td>
 *     <td>native memory of the open models; {@link MemoryUse} says what counts</td></tr>
 * </table>
 *
 * <p>Runs are counted from {@link #bindTo} on. A run takes {@link ModelListener some tens of
 * nanoseconds} more, and what the registry's timer takes.
 *
 * <p>Models are referred to weakly, and need not be closed before this. Thread-safe.
 */
public final class ModelMetrics implements MeterBinder, ModelListener, AutoCloseable {
    private static final BoundMeters[] NONE = {};

    private final Tags tags;
    private final LoadedModels models = new LoadedModels();

    /** Replaced as a whole, under the lock. */
    private volatile BoundMeters[] bound = NONE;

    /** Guarded by the lock. */
    private boolean closed;

    /**
     * Makes meters for a model.
     *
     * @param model the tag {@code model}, unique in its registry: names within packages are mostly
     *     {@code model}
     */
    public ModelMetrics(String model) {
        this(model, List.of());
    }

    /**
     * Makes meters for a model, with further tags.
     *
     * @param model the tag {@code model}; together with the others unique in its registry
     * @param tags further tags of all meters
     */
    public ModelMetrics(String model, Iterable<Tag> tags) {
        this.tags = Tags.of("model", requireNonNull(model, "model")).and(tags);
    }

    /**
     * Registers the meters. May be called for several registries, before or after models are loaded
     * with {@link ModelOptions#listener}.
     *
     * @param registry where they stay until {@link #close}
     * @throws IllegalStateException if this is closed, or bound to this registry already
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        requireNonNull(registry, "registry");
        if (closed) {
            throw new IllegalStateException("metrics " + tags + " are closed");
        }
        if (Arrays.stream(bound).anyMatch(meters -> meters.isIn(registry))) {
            throw new IllegalStateException("metrics " + tags + " are in this registry already");
        }
        BoundMeters[] more = Arrays.copyOf(bound, bound.length + 1);
        more[bound.length] = new BoundMeters(registry, tags, models);
        bound = more;
    }

    @Override
    public void loaded(Model model, long nanos) {
        models.loaded(model, nanos);
    }

    @Override
    public void loadFailed(Throwable failure, long nanos) {
        models.loadFailed(nanos);
    }

    @Override
    public void ran(long nanos) {
        for (BoundMeters meters : bound) {
            meters.ran(nanos);
        }
    }

    @Override
    public void runFailed(Throwable failure, long nanos) {
        for (BoundMeters meters : bound) {
            meters.runFailed(nanos);
        }
    }

    @Override
    public void waited(long nanos) {
        for (BoundMeters meters : bound) {
            meters.waited(nanos);
        }
    }

    /**
     * Removes the meters from their registries. Models that have this as their listener run on,
     * uncounted. Closing again does nothing.
     */
    @Override
    public synchronized void close() {
        closed = true;
        for (BoundMeters meters : bound) {
            meters.remove();
        }
        bound = NONE;
    }

    /** {@return the tags, for messages} */
    @Override
    public String toString() {
        return "ModelMetrics" + tags;
    }
}
