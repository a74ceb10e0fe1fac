package io.github.aoti4j;

import io.github.aoti4j.bindings.model.ModelApi;
import io.github.aoti4j.internal.container.Container;

import java.util.List;

/** A model's call spec, read when it is first asked for: many models are never called by it. */
final class LazyCallSpec {
    private final NativeModel model;
    private final List<String> inputNames;
    private final int outputCount;
    private volatile CallSpec spec;

    LazyCallSpec(NativeModel model, List<String> inputNames, int outputCount) {
        this.model = model;
        this.inputNames = inputNames;
        this.outputCount = outputCount;
    }

    CallSpec get() {
        CallSpec known = spec;
        if (known == null) {
            known = read();
            spec = known;
        }
        return known;
    }

    private CallSpec read() {
        ModelApi.CallSpecText text;
        Container container = model.container();
        container.requireStack();
        try (var _ = model.acquire()) {
            text = container.api().callSpec(container.handle());
        }
        return CallSpec.of(text.inputs(), text.outputs(), inputNames, outputCount);
    }
}
