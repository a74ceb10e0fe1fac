package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

@Name("aoti4j.ModelLoad")
@Label("Model Load")
@Category("aoti4j")
@Description("A model is loaded: from reading its library's headers until it can run or fails")
@SuppressWarnings("unused") // read by Flight Recorder
public final class ModelLoad extends Event {
    @Label("Package")
    private final String packageFile;

    @Label("Model")
    private final String model;

    @Label("Runners")
    @Description("How many runs may be in flight")
    private final int runners;

    @Label("Failure")
    @Description("What the load failed with, null if it succeeded")
    private String failure;

    public ModelLoad(String packageFile, String model, int runners) {
        this.packageFile = packageFile;
        this.model = model;
        this.runners = runners;
        begin();
    }

    /** Notes a failure, before the event is committed. */
    public void failed(Throwable e) {
        failure = e.toString();
    }
}
