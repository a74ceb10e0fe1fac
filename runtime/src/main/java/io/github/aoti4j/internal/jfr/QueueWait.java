package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

/** A run waits, because as many as may be are in flight or constants are being exchanged. */
@Name("aoti4j.QueueWait")
@Label("Queue Wait")
@Category("aoti4j")
@Description("A run waits for another one to end, or for constants to be exchanged")
@Threshold("1 ms")
public final class QueueWait extends Event {
    @Label("Model")
    private final String model;

    @Label("Runners")
    @Description("How many runs may be in flight")
    private final int runners;

    /**
     * Begins.
     *
     * @param runners how many runs may be in flight
     */
    public QueueWait(String model, int runners) {
        this.model = model;
        this.runners = runners;
        begin();
    }

    @Override
    public String toString() {
        return "wait for one of " + runners + " runners of model " + model;
    }
}
