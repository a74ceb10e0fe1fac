package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

@Name("aoti4j.QueueWait")
@Label("Queue Wait")
@Category("aoti4j")
@Description("A run waits for another one to end, or for constants to be exchanged")
@Threshold("1 ms")
@SuppressWarnings("unused") // read by Flight Recorder
public final class QueueWait extends Event {
    @Label("Model")
    private final String model;

    @Label("Runners")
    @Description("How many runs may be in flight")
    private final int runners;

    public QueueWait(String model, int runners) {
        this.model = model;
        this.runners = runners;
        begin();
    }
}
