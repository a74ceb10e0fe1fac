package io.github.aoti4j.bindings.diag;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A part of loading a model, or libtorch. Phases of one load nest, and are of one thread. */
@Name("aoti4j.LoadPhase")
@Label("Load Phase")
@Category("aoti4j")
@Description("A part of loading a model, or libtorch")
@StackTrace(false)
public final class LoadPhase extends Event implements AutoCloseable {
    @Label("Phase")
    private final String phase;

    @Label("Subject")
    @Description("What the phase works on")
    private final String subject;

    LoadPhase(String phase, String subject) {
        this.phase = phase;
        this.subject = subject;
        begin();
    }

    /** Ends the phase, also one that failed. */
    @Override
    public void close() {
        commit();
    }

    @Override
    public String toString() {
        return phase + ": " + subject;
    }
}
