package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.RefCount;
import io.github.aoti4j.internal.constants.ConstantStore;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.container.RunScope;

import java.util.Arrays;

/**
 * What a loaded model has of native memory, freed when it has been closed and its last user is
 * gone.
 *
 * <p>Users are runs in flight and outputs that are still alive, since an output may alias a
 * constant. Thread-safe.
 */
public final class NativeModel {
    private final Container container;
    private final RunGate gate;
    private final ConstantStore constants;
    private final RunScope[] scopes;

    /** What the container uses, in the order in which it is closed when that is gone. */
    private final AutoCloseable[] parts;

    private final RefCount users = new RefCount();
    private final Use use = new Use();

    /**
     * Owns all that it is given, unless this fails.
     *
     * @param parts what the container uses, closed in this order when that is gone; null for one
     *     that is not there
     */
    public NativeModel(
            Container container, RunGate gate, ConstantStore constants, AutoCloseable... parts) {
        this.container = container;
        this.gate = gate;
        this.constants = constants;
        this.scopes = new RunScope[gate.permitCount()];
        Arrays.setAll(scopes, _ -> new RunScope(container, gate, container.newSlot(), false));
        this.parts = parts;
    }

    public Container container() {
        return container;
    }

    public ConstantStore constants() {
        return constants;
    }

    public RunGate gate() {
        return gate;
    }

    /**
     * Begins a run that brings no slot of its own, when there is a permit. An interrupt does not
     * end the wait; it stays pending. The caller has checked the stack and acquired this.
     */
    public RunScope enter() {
        // A thread that comes again finds what it left: its inputs are still known there.
        int permit = gate.acquire((int) (Thread.currentThread().threadId() % scopes.length));
        return scopes[permit].begin(permit);
    }

    /** What a user closes when it is done: once for each {@link #acquire}. */
    public final class Use implements AutoCloseable {
        @Override
        public void close() {
            release();
        }
    }

    /**
     * Takes part in keeping this alive.
     *
     * @return to be closed; the last one after {@link NativeModel#close} frees all
     * @throws IllegalStateException if this is closed
     */
    public Use acquire() {
        if (!users.enter()) {
            release();
            throw closed();
        }
        return use;
    }

    /** Returns what {@link #acquire} has returned, without acquiring. */
    Use use() {
        return use;
    }

    private void release() {
        if (users.leave()) {
            free();
        }
    }

    /**
     * Refuses what starts after {@link #close}, for a user that has acquired this long before.
     *
     * @throws IllegalStateException if it is closed
     */
    public void requireOpen() {
        if (isClosed()) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException("model " + container.name() + " is closed");
    }

    /** Returns whether {@link #close} has been called; users may be left. */
    public boolean isClosed() {
        return users.isClosed();
    }

    /** Lets no new user in, and frees all now or with the last user. Further calls do nothing. */
    public void close() {
        if (users.close()) {
            free();
        }
    }

    private void free() {
        // What uses something comes before it.
        Closeables.closeAll(
                this::closeSlots, container, constants, () -> Closeables.closeAll(parts));
    }

    private void closeSlots() {
        Closeables.closeAll(Arrays.stream(scopes).map(RunScope::slot).toList());
    }
}
