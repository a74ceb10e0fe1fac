package io.github.aoti4j.micrometer;

import io.github.aoti4j.MemoryUse;
import io.github.aoti4j.Model;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/** The models that a listener has heard of, held weakly, and how their loads went. Thread-safe. */
final class LoadedModels {
    private final Total successes = new Total();
    private final Total failures = new Total();

    /** Guarded by this. */
    private final List<WeakReference<Model>> models = new ArrayList<>();

    /** How many events there were, and how long they took together. */
    static final class Total {
        private final AtomicLong count = new AtomicLong();
        private final AtomicLong nanos = new AtomicLong();

        private void add(long took) {
            long _ = nanos.addAndGet(took);
            long _ = count.incrementAndGet();
        }

        long count() {
            return count.get();
        }

        double nanos() {
            return nanos.get();
        }
    }

    Total successes() {
        return successes;
    }

    Total failures() {
        return failures;
    }

    void loaded(Model model, long nanos) {
        synchronized (this) {
            removeClosed();
            models.add(new WeakReference<>(model));
        }
        successes.add(nanos);
    }

    void loadFailed(long nanos) {
        failures.add(nanos);
    }

    synchronized int open() {
        removeClosed();
        return models.size();
    }

    /** Returns that of the model loaded last; NaN if none is open. */
    synchronized double constantsVersion() {
        removeClosed();
        Model last = models.isEmpty() ? null : models.getLast().get();
        return last == null ? Double.NaN : last.constants().version();
    }

    /** Adds up what the open models have. */
    synchronized long sum(ToLongFunction<MemoryUse> part) {
        removeClosed();
        long sum = 0;
        for (WeakReference<Model> reference : models) {
            Model model = reference.get();
            sum += model == null ? 0 : part.applyAsLong(model.memory());
        }
        return sum;
    }

    private void removeClosed() {
        models.removeIf(
                reference -> {
                    Model model = reference.get();
                    return model == null || model.isClosed();
                });
    }
}
