package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.model.ModelApi;
import io.github.aoti4j.internal.callspec.CallPlan;
import io.github.aoti4j.internal.container.Container;

/** How a model is called, read when it is first asked for: many models are never called by it. */
public final class LazyCallPlan {
    private final NativeModel model;
    private volatile CallPlan plan;

    /** Reads nothing yet. */
    public LazyCallPlan(NativeModel model) {
        this.model = model;
    }

    /**
     * Returns the plan; fails if the call spec is damaged, or the model closed before it was read.
     */
    public CallPlan get() {
        CallPlan known = plan;
        if (known == null) {
            known = read();
            plan = known;
        }
        return known;
    }

    private CallPlan read() {
        ModelApi.CallSpecText text;
        Container container = model.container();
        container.requireStack();
        try (var _ = model.acquire()) {
            text = container.api().callSpec(container.handle());
        }
        return CallPlan.of(
                text.inputs(),
                text.outputs(),
                container.inputNames(),
                container.outputNames().size());
    }
}
