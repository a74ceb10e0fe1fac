package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.os.ArenaCleanup;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.constants.ConstantSet;
import io.github.aoti4j.internal.container.Handles;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.cuda.MemoryUses;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

/**
 * What the outputs of a run keep alive: the model, the constants that they may alias, and the
 * native tensors. Closing releases all of it, unless an arena has taken this over, which does the
 * same when it is closed.
 */
public final class OutputLease implements AutoCloseable, Runnable, Consumer<MemorySegment> {
    private static final long[] NONE = {};
    private static final VarHandle RELEASED;

    static {
        try {
            RELEASED =
                    MethodHandles.lookup()
                            .findVarHandle(OutputLease.class, "released", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NativeModel model;
    private ConstantSet constants;

    /** The work of devices on the outputs; null for a model on the CPU. */
    private MemoryUses uses;

    private long[] handles = NONE;

    /** Whether an arena has taken this over. */
    private boolean handed;

    /**
     * Guards against a second release: an error can strike after an arena has taken this over and
     * before {@link #handed} is set.
     */
    @SuppressWarnings("unused") // by its handle
    private boolean released;

    /**
     * Starts a lease.
     *
     * @throws IllegalStateException if the model is closed
     */
    public OutputLease(NativeModel model) {
        this.model = model;
        NativeModel.Use _ = model.acquire();
    }

    /** Adds the current constants. Called once, by a run, so that no exchange can come between. */
    public void acquireConstants() {
        constants = model.constants().acquire();
    }

    /** Adds one use of constants, which is this lease's from now on. */
    public void takeConstants(ConstantSet set) {
        constants = set;
    }

    /** Adds the work of devices on the outputs, which is waited for before they are freed. */
    public void takeUses(MemoryUses memoryUses) {
        uses = memoryUses;
    }

    /** Adds a native tensor. */
    public void takeHandle(MemorySegment handle) {
        handles = new long[] {handle.address()};
    }

    /** Adds the outputs in a slot, and has an arena release this when it is closed. */
    public void handTo(Arena arena, RunSlot slot) {
        handles = slot.takeOutputs();
        handTo(arena);
    }

    /** Has an arena release this when it is closed. */
    public void handTo(Arena arena) {
        MemorySegment.NULL.reinterpret(arena, this);
        handed = true;
    }

    @Override
    public void close() {
        if (!handed) {
            run();
        }
    }

    /** Called by the arena. */
    @Override
    public void accept(MemorySegment ignored) {
        ArenaCleanup.run(this);
    }

    /** Releases all of it. Further calls do nothing. */
    @Override
    public void run() {
        if (!RELEASED.compareAndSet(this, false, true)) {
            return;
        }
        try (NativeModel.Use _ = model.use();
                ConstantSet _ = constants) {
            NativeException failure = null;
            if (uses != null) {
                try {
                    uses.close();
                } catch (NativeException e) {
                    failure = e;
                }
            }
            Handles.throwIfAny(
                    Handles.deleteAll(model.container().backend().tensors(), handles, failure));
        }
    }
}
