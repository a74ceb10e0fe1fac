package io.github.aoti4j;

import io.github.aoti4j.bindings.ArenaCleanup;
import io.github.aoti4j.bindings.TensorCalls;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.RunSlot;
import io.github.aoti4j.internal.cuda.MemoryUses;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

/**
 * What the outputs of a run keep alive: the container, the constants that they may alias, and the
 * native tensors. Released once, whoever comes first: the run that failed, or the arena that the
 * outputs live in. Both may try, since an error can strike after an arena has taken this over.
 */
final class OutputLease implements Runnable, Consumer<MemorySegment> {
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

    private final Container container;
    private ConstantSet constants;

    /** Who uses the outputs on a device; null for a model on the CPU. */
    private MemoryUses uses;

    private long[] handles = NONE;

    @SuppressWarnings("unused") // by its handle
    private boolean released;

    private OutputLease(Container container) {
        this.container = container;
    }

    /**
     * Starts a lease.
     *
     * @throws IllegalStateException if the container is closed
     */
    static OutputLease of(Container container) {
        var lease = new OutputLease(container);
        container.acquire();
        return lease;
    }

    /** Adds the current constants. Called once, when no exchange can come between. */
    void acquireConstants() {
        constants = container.constants().acquire();
    }

    /** Adds one use of constants, which is this lease's from now on. */
    void takeConstants(ConstantSet set) {
        constants = set;
    }

    /** Adds who uses the outputs on a device. */
    void takeUses(MemoryUses memoryUses) {
        uses = memoryUses;
    }

    /** Adds a native tensor. */
    void takeHandle(MemorySegment handle) {
        handles = new long[] {handle.address()};
    }

    /** Moves the outputs' native tensors from a slot to this. */
    void takeOutputs(RunSlot slot) {
        int count = slot.outputCount();
        long[] all = new long[count];
        for (int i = 0; i < count; i++) {
            all[i] = slot.outputAddress(i);
        }
        handles = all;
        slot.releaseOutputs();
    }

    /** Has an arena release this when it is closed. */
    void handTo(Arena arena) {
        MemorySegment.NULL.reinterpret(arena, this);
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
        NativeException failure = null;
        try {
            if (uses != null) {
                try {
                    uses.close();
                } catch (NativeException e) {
                    failure = e;
                }
            }
            for (long handle : handles) {
                try {
                    if (handle != 0) {
                        TensorCalls.delete(handle);
                    }
                } catch (NativeException e) {
                    failure = join(failure, e);
                }
            }
            if (constants != null) {
                constants.release();
            }
        } finally {
            container.release();
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static NativeException join(NativeException first, NativeException next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }
}
