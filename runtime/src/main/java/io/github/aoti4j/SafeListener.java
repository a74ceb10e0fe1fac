package io.github.aoti4j;

import io.github.aoti4j.internal.container.RunListener;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A listener of the caller, which may fail without harm. */
final class SafeListener implements RunListener {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private final ModelListener listener;
    private final AtomicBoolean failed = new AtomicBoolean();

    SafeListener(ModelListener listener) {
        this.listener = listener;
    }

    ModelListener listener() {
        return listener;
    }

    @Override
    public void ran(long nanos) {
        try {
            listener.ran(nanos);
        } catch (Throwable e) {
            log(e);
        }
    }

    @Override
    public void runFailed(Throwable failure, long nanos) {
        call(to -> to.runFailed(failure, nanos));
    }

    @Override
    public void waited(long nanos) {
        try {
            listener.waited(nanos);
        } catch (Throwable e) {
            log(e);
        }
    }

    void loaded(Model model, long nanos) {
        call(to -> to.loaded(model, nanos));
    }

    void loadFailed(Throwable failure, long nanos) {
        call(to -> to.loadFailed(failure, nanos));
    }

    private void call(Consumer<ModelListener> event) {
        try {
            event.accept(listener);
        } catch (Throwable e) {
            log(e);
        }
    }

    private void log(Throwable e) {
        if (failed.compareAndSet(false, true)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a listener of models failed, now and perhaps again: " + listener,
                    e);
        }
    }
}
