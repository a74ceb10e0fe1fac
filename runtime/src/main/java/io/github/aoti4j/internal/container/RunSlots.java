package io.github.aoti4j.internal.container;

import java.util.Arrays;

/**
 * The scopes of a model's runs that bring no slot of their own: one for each permit. Thread-safe.
 */
public final class RunSlots implements AutoCloseable {
    private final RunGate gate;
    private final RunScope[] scopes;

    /** Allocates all slots. */
    public RunSlots(Container container, RunGate gate, int numInputs, int numOutputs) {
        this.gate = gate;
        scopes = new RunScope[gate.permitCount()];
        Arrays.setAll(
                scopes,
                i -> new RunScope(container, gate, new RunSlot(numInputs, numOutputs), false, i));
    }

    /**
     * Acquires a permit, waiting for one if all are in use. An interrupt does not end the wait; it
     * stays pending. The slot is this thread's own until it is closed.
     */
    public RunScope enter() {
        // A thread that comes again finds what it left: its inputs are still known there.
        int permit = gate.acquire((int) (Thread.currentThread().threadId() % scopes.length));
        return scopes[permit].begin(permit);
    }

    /** Deletes what the slots keep. No run may be in flight. */
    @Override
    public void close() {
        for (RunScope scope : scopes) {
            scope.slot().forgetInputs();
        }
    }
}
