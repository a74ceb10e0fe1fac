package io.github.aoti4j.internal.tensor;

import java.util.function.Function;

/** The public type of tensors, which is not known here. */
public record TensorType<T>(
        Class<T> type, Function<TensorView, T> wrap, Function<T, TensorView> unwrap) {
    /** Returns what tensors show; null where there is none. */
    public TensorView[] unwrapAll(T[] tensors) {
        TensorView[] views = new TensorView[tensors.length];
        for (int i = 0; i < views.length; i++) {
            views[i] = tensors[i] == null ? null : unwrap.apply(tensors[i]);
        }
        return views;
    }
}
