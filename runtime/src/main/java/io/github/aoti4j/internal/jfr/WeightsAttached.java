package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("aoti4j.WeightsAttached")
@Label("Weights Attached")
@Category("aoti4j")
@Description("A model being loaded has got weights; one event for each place they come from")
@StackTrace(false)
@SuppressWarnings("unused") // read by Flight Recorder
public final class WeightsAttached extends Event {
    @Label("Model")
    private final String model;

    @Label("Location")
    @Description("The file that they are mapped from, or the model's own memory")
    private final String location;

    @Label("Constants")
    private final int constants;

    @Label("Size")
    @DataAmount
    private final long size;

    public WeightsAttached(String model, String location, int constants, long size) {
        this.model = model;
        this.location = location;
        this.constants = constants;
        this.size = size;
    }
}
