package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

@Name("aoti4j.ModelRun")
@Label("Model Run")
@Category("aoti4j")
@Description("A run of a model's native code; no waiting, no checks of inputs")
@Threshold("20 ms")
@SuppressWarnings("unused") // read by Flight Recorder
public final class ModelRun extends Event {
    @Label("Model")
    private final String model;

    @Label("Permit")
    @Description("Which of the runs that may be in flight")
    private final int permit;

    public ModelRun(String model, int permit) {
        this.model = model;
        this.permit = permit;
        begin();
    }
}
