package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

/** A run of a model's native code. */
@Name("aoti4j.ModelRun")
@Label("Model Run")
@Category("aoti4j")
@Description("A run of a model's native code; no waiting, no checks of inputs")
@Threshold("20 ms")
public final class ModelRun extends Event {
    @Label("Model")
    private final String model;

    @Label("Lane")
    @Description("Which of the runs that may be in flight")
    private final int lane;

    /** Begins. */
    public ModelRun(String model, int lane) {
        this.model = model;
        this.lane = lane;
        begin();
    }

    @Override
    public String toString() {
        return "run of model " + model + " in lane " + lane;
    }
}
