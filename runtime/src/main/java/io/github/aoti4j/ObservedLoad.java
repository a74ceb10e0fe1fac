package io.github.aoti4j;

/** A load that a listener may hear of. */
final class ObservedLoad {
    /** Null if nobody listens. */
    private final SafeListener listener;

    private final long start;

    ObservedLoad(ModelOptions options) {
        listener = options.safeListener();
        start = listener == null ? 0 : System.nanoTime();
    }

    Model succeeded(Model model) {
        if (listener != null) {
            listener.loaded(model, System.nanoTime() - start);
        }
        return model;
    }

    void failed(Throwable failure) {
        if (listener != null) {
            listener.loadFailed(failure, System.nanoTime() - start);
        }
    }
}
