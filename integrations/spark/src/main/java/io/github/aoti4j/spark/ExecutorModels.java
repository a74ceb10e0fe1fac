package io.github.aoti4j.spark;

import io.github.aoti4j.Model;

import java.util.HashMap;
import java.util.Map;

/**
 * The models of this executor: one for each source, used by all tasks. A model stays when no task
 * uses it, because the next stage will; one that no task has used for a while is closed when
 * another one is loaded, and all are closed when the executor ends.
 */
final class ExecutorModels {
    private static final long IDLE_NANOS = 600_000_000_000L;

    private static final ExecutorModels INSTANCE = new ExecutorModels();

    private final Map<ModelSource, Entry> entries = new HashMap<>();
    private Thread hook;

    private ExecutorModels() {}

    static ExecutorModels get() {
        return INSTANCE;
    }

    private static final class Entry {
        private Model model;
        private int users;
        private long idleSince;

        /** Loads the model, or waits until another task has. */
        synchronized Model model(ModelSource source) {
            if (model == null) {
                model = Model.load(source.file().local(), source.options());
            }
            return model;
        }

        synchronized void close() {
            if (model != null) {
                model.close();
            }
        }
    }

    /** A task's use of a model, to be closed by the task. */
    final class Use implements AutoCloseable {
        private final Entry entry;
        private final Model model;
        private boolean closed;

        private Use(Entry entry, Model model) {
            this.entry = entry;
            this.model = model;
        }

        Model model() {
            return model;
        }

        @Override
        public void close() {
            synchronized (ExecutorModels.this) {
                if (!closed) {
                    closed = true;
                    release(entry);
                }
            }
        }
    }

    /** Returns the model of a source, loaded by the first task that asks. */
    Use use(ModelSource source) {
        Entry entry;
        synchronized (this) {
            closeIdle(source);
            entry = entries.computeIfAbsent(source, _ -> new Entry());
            entry.users++;
            addHook();
        }
        try {
            return new Use(entry, entry.model(source));
        } catch (Throwable e) {
            synchronized (this) {
                release(entry);
                if (entry.users == 0) {
                    entries.remove(source, entry);
                }
            }
            throw e;
        }
    }

    private void release(Entry entry) {
        entry.users--;
        entry.idleSince = System.nanoTime();
    }

    private void closeIdle(ModelSource wanted) {
        if (entries.containsKey(wanted)) {
            return;
        }
        long now = System.nanoTime();
        entries.values()
                .removeIf(
                        entry -> {
                            boolean idle = entry.users == 0 && now - entry.idleSince > IDLE_NANOS;
                            if (idle) {
                                entry.close();
                            }
                            return idle;
                        });
    }

    /** Returns how many models are loaded, or being loaded. */
    synchronized int size() {
        return entries.size();
    }

    /** Returns how many tasks use models. */
    synchronized int users() {
        return entries.values().stream().mapToInt(entry -> entry.users).sum();
    }

    /** Closes the models that no task uses. */
    synchronized void closeUnused() {
        entries.values()
                .removeIf(
                        entry -> {
                            if (entry.users == 0) {
                                entry.close();
                            }
                            return entry.users == 0;
                        });
        if (entries.isEmpty()) {
            removeHook();
        }
    }

    private void addHook() {
        if (hook == null) {
            Thread closing = new Thread(this::closeUnused, "aoti4j-spark-close");
            try {
                Runtime.getRuntime().addShutdownHook(closing);
                hook = closing;
            } catch (IllegalStateException _) {
                // The process is ending, and the system frees what it has.
            }
        }
    }

    /** The hook would keep the classes of an application that is gone. */
    private void removeHook() {
        if (hook != null && !Thread.currentThread().equals(hook)) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException _) {
                // The process is ending.
            }
            hook = null;
        }
    }
}
