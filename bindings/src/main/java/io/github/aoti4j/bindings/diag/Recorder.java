package io.github.aoti4j.bindings.diag;

import jdk.jfr.FlightRecorder;

/**
 * Whether JDK Flight Recorder runs. Checked before an event is made, so that a JVM that records
 * nothing loads no class of an event and makes no object.
 */
public final class Recorder {
    /** A run-time image may have been made without it. */
    private static final boolean THERE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Recorder() {}

    /** Returns whether something is or was being recorded in this JVM. Costs a read of a field. */
    public static boolean isOn() {
        return THERE && FlightRecorder.isInitialized();
    }

    /** Begins a phase of loading; null if nothing is recorded. */
    public static LoadPhase phase(String name, Object subject) {
        return isOn() ? new LoadPhase(name, String.valueOf(subject)) : null;
    }
}
