package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Timespan;

@Name("aoti4j.ConstantsSwapped")
@Label("Constants Swapped")
@Category("aoti4j")
@Description("Constants of a running model are replaced, or stay because that failed")
@SuppressWarnings("unused") // read by Flight Recorder
public final class ConstantsSwapped extends Event {
    @Label("Model")
    private final String model;

    @Label("Constants")
    @Description("How many have new values; 0 if the update failed")
    private int constants;

    @Label("Held Up")
    @Description("How long new runs were held up, the wait for those in flight included")
    @Timespan
    private long heldUp;

    public ConstantsSwapped(String model) {
        this.model = model;
        begin();
    }

    /** Notes success, before the event is committed. */
    public void succeeded(int count, long heldUpNanos) {
        constants = count;
        heldUp = heldUpNanos;
    }
}
