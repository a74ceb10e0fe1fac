package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A model being loaded has got its weights: one event for each place where they lie. */
@Name("aoti4j.WeightsAttached")
@Label("Weights Attached")
@Category("aoti4j")
@Description("A model being loaded has got weights from a place")
@StackTrace(false)
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

    /**
     * Describes the weights.
     *
     * @param size in bytes
     */
    public WeightsAttached(String model, String location, int constants, long size) {
        this.model = model;
        this.location = location;
        this.constants = constants;
        this.size = size;
    }

    @Override
    public String toString() {
        return "%d constants of model %s, %d bytes, from %s"
                .formatted(constants, model, size, location);
    }
}
