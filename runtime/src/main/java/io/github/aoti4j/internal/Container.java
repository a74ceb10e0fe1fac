package io.github.aoti4j.internal;

import io.github.aoti4j.bindings.ModelApi;
import io.github.aoti4j.bindings.NativeLibrary;
import io.github.aoti4j.bindings.StackGuard;
import io.github.aoti4j.bindings.recorder.Recorder;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.KernelFolder;
import io.github.aoti4j.internal.proxy.ProxyExecutor;
import io.github.aoti4j.internal.recorder.ModelRun;

import java.lang.foreign.MemorySegment;

/**
 * A native container and its library, freed when it has been closed and its last user is gone.
 *
 * <p>Users are runs in flight and outputs that are still alive, since an output may alias a
 * constant of the container. Thread-safe.
 */
public final class Container {
    private final String name;
    private final NativeLibrary library;
    private final Device device;

    /** Null for a model that has none. */
    private final KernelFolder kernels;

    private final ModelApi api;
    private final MemorySegment handle;

    /** One for each lane, the first being {@link #handle}; or that alone, for all lanes. */
    private MemorySegment[] replicas;

    /** Null until the constants are attached. */
    private ConstantStore constants;

    /** Null until the numbers of inputs and outputs are known. */
    private RunSlots slots;

    /** Null for a model that calls no operator through one. */
    private ProxyExecutor executor;

    /** Why its runs cannot be captured as a CUDA graph; null if nothing is known against it. */
    private String captureObstacle;

    /** For a model whose inputs nobody else can check. */
    private final OwnChecks ownChecks = new OwnChecks();

    private final UseCount users = new UseCount();

    /**
     * Creates a native container.
     *
     * @param name the model's name, for messages
     * @param library the opened model, owned by this from now on, also if this constructor fails
     * @param runners how many runs may be in flight in it
     * @param device where it runs, and has its constants
     * @param kernels its GPU kernels, owned like the library; null if it has none
     */
    public Container(
            String name, NativeLibrary library, int runners, Device device, KernelFolder kernels) {
        this.name = name;
        this.library = library;
        this.device = device;
        this.kernels = kernels;
        try {
            this.api = new ModelApi(library, runners == 1);
            this.handle =
                    api.create(
                            device.toString(),
                            runners,
                            kernels == null ? null : kernels.path().toString());
            this.replicas = new MemorySegment[] {handle};
        } catch (Throwable e) {
            closeFiles();
            throw e;
        }
    }

    /**
     * Returns the model's name.
     *
     * @return for messages
     */
    public String name() {
        return name;
    }

    /**
     * Returns the model's functions.
     *
     * @return bound to this container's library
     */
    public ModelApi api() {
        return api;
    }

    /**
     * Returns where the model runs.
     *
     * @return the CPU, or a CUDA device
     */
    public Device device() {
        return device;
    }

    /**
     * Gives the container its constants. Called once, before other threads see it.
     *
     * @param store closed with the container from now on
     */
    public void setConstants(ConstantStore store) {
        constants = store;
    }

    /**
     * Makes more native containers that use the same constants: one for each run in flight. A run
     * then has its container for itself and takes none of the locks by which those who share one
     * wait for one another. For models on the CPU: on a device each would have constants of its
     * own. Called once, when the constants are attached and before other threads see it; the
     * container must have been made for one runner.
     *
     * @param runners how many there shall be
     * @throws NativeException if one cannot be made
     */
    public void replicate(int runners) {
        MemorySegment[] all = new MemorySegment[runners];
        all[0] = handle;
        int made = 1;
        try {
            while (made < runners) {
                all[made] = api.create("cpu", 1, null);
                constants.attachTo(all[made++]);
            }
        } catch (Throwable e) {
            while (made > 1) {
                api.delete(all[--made]);
            }
            throw e;
        }
        replicas = all;
    }

    /** Returns the native containers that use the constants; the first owns those of its own. */
    MemorySegment[] replicas() {
        return replicas;
    }

    /**
     * Notes why runs cannot be captured as a CUDA graph. Called once, before other threads see it.
     *
     * @param reason what the model does
     */
    public void refuseCapture(String reason) {
        captureObstacle = reason;
    }

    /**
     * Demands that runs can be captured as a CUDA graph, as far as can be known before.
     *
     * @throws IncompatibleModelException if they cannot, with the reason
     */
    public void requireCapturable() {
        String reason =
                device.isCpu()
                        ? "it is on the CPU"
                        : slots.gate().laneCount() > 1
                                ? "it was loaded for several runs at once: load it with runners(1)"
                                : captureObstacle;
        if (reason != null) {
            throw new IncompatibleModelException(
                    "runs of model %s cannot be captured as a CUDA graph: %s"
                            .formatted(name, reason));
        }
    }

    /** Makes the model check its inputs by itself. Called before its first run. */
    public void wantOwnChecks() {
        ownChecks.want();
    }

    /**
     * Gives the container the slots of its runs. Called once, before other threads see it.
     *
     * @param runSlots closed with the container from now on
     */
    public void setSlots(RunSlots runSlots) {
        slots = runSlots;
    }

    /**
     * Returns the slots of the container's runs.
     *
     * @return the slots
     */
    public RunSlots slots() {
        return slots;
    }

    /**
     * Returns the container's constants.
     *
     * @return the store
     */
    public ConstantStore constants() {
        return constants;
    }

    /**
     * Returns what the model calls for operators without a C function.
     *
     * @return a C++ object, or null if the model has no such operator
     */
    public MemorySegment proxyExecutor() {
        return executor == null ? MemorySegment.NULL : executor.object();
    }

    /**
     * Tells whether runs may call operators that are written in Java.
     *
     * @return whether there is a {@link #proxyExecutor}
     */
    public boolean callsBack() {
        return executor != null;
    }

    /**
     * Demands that this thread have stack for a run. To be called while nothing has been taken that
     * would have to be given back.
     *
     * @throws StackOverflowError if it has too little
     */
    public void requireStack() {
        if (executor == null) {
            StackGuard.requireForRun();
        } else {
            StackGuard.requireForOperators();
        }
    }

    /**
     * Gives the container what its model calls for operators without a C function. Called once,
     * before the constants are attached and before other threads see it.
     *
     * @param made closed with the container from now on
     */
    public void setExecutor(ProxyExecutor made) {
        executor = made;
    }

    /**
     * Throws what an operator behind {@link #proxyExecutor} failed with in the run, or the folding
     * of constants, that has just ended on this thread. To be called after each, whatever it
     * returned: a model need not notice that an operator failed.
     */
    public void throwOperatorFailure() {
        if (executor != null) {
            ProxyExecutor.throwFailure();
        }
    }

    /**
     * Runs the model with what a slot holds. The caller has passed the gate and acquired this.
     *
     * @param lane the gate's
     * @param slot its inputs are set, its outputs empty; to be reset by the caller if this fails
     * @param stream what does the work, which may go on when this returns; null on the CPU
     * @throws NativeException if the model fails, with its message
     * @throws IllegalStateException if an arena that the slot holds is closed; nothing has been run
     * @throws WrongThreadException if one is confined to another thread; nothing has been run
     */
    public void run(int lane, RunSlot slot, MemorySegment stream) {
        if (!Recorder.isOn()) {
            checkedRun(lane, slot, stream);
            return;
        }
        var event = new ModelRun(name, lane);
        try {
            checkedRun(lane, slot, stream);
        } finally {
            event.commit();
        }
    }

    private void checkedRun(int lane, RunSlot slot, MemorySegment stream) {
        if (ownChecks.isWanted()) {
            ownChecks.whileOn(() -> call(lane, slot, stream));
        } else {
            call(lane, slot, stream);
        }
    }

    private void call(int lane, RunSlot slot, MemorySegment stream) {
        int code = executor == null ? enter(lane, slot, stream) : enterCalling(lane, slot, stream);
        try {
            slot.separateOutputs();
        } finally {
            // Whatever else failed: what is kept must not come out of a later run.
            throwOperatorFailure();
        }
        if (code != 0) {
            throw api.failure(api.runFunction());
        }
    }

    private int enterCalling(int lane, RunSlot slot, MemorySegment stream) {
        long[] outer = executor.begin(slot);
        try {
            return enter(lane, slot, stream);
        } finally {
            ProxyExecutor.end(outer);
        }
    }

    private int enter(int lane, RunSlot slot, MemorySegment stream) {
        return api.run(
                replicas[replicas.length == 1 ? 0 : lane],
                slot.inputs(),
                slot.inputCount(),
                slot.outputs(),
                slot.outputCount(),
                stream,
                proxyExecutor(),
                slot.held(),
                slot.heldCount());
    }

    /**
     * Returns the native container.
     *
     * @return valid only between {@link #acquire} and {@link #release}
     */
    public MemorySegment handle() {
        return handle;
    }

    /**
     * Takes part in keeping the container alive.
     *
     * @throws IllegalStateException if it is closed
     */
    public void acquire() {
        if (!users.enter()) {
            release();
            throw closed();
        }
    }

    /** Undoes one {@link #acquire}; the last one after {@link #close} frees the container. */
    public void release() {
        if (users.leave()) {
            free();
        }
    }

    /**
     * Refuses what starts after {@link #close}, for who has acquired it long before.
     *
     * @throws IllegalStateException if it is closed
     */
    public void requireOpen() {
        if (isClosed()) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException("model " + name + " is closed");
    }

    /**
     * Tells whether {@link #close} has been called.
     *
     * @return true even while users are left
     */
    public boolean isClosed() {
        return users.isClosed();
    }

    /**
     * Lets no new user in, and frees the container now or with its last user. Further calls do
     * nothing.
     */
    public void close() {
        if (users.close()) {
            free();
        }
    }

    private void free() {
        // What uses something comes before it.
        Closing.all(
                null,
                slots,
                this::deleteAll,
                constants == null ? null : constants::close,
                executor,
                this::closeFiles);
    }

    private void closeFiles() {
        try {
            library.close();
        } finally {
            if (kernels != null) {
                kernels.close();
            }
        }
    }

    /** The first one last: the others use what it owns. */
    private void deleteAll() {
        RuntimeException failure = null;
        if (!device.isCpu()) {
            try {
                // Runs whose outputs are gone may still read the constants.
                Gpu.of(device).synchronize();
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        for (int i = replicas.length - 1; i >= 0; i--) {
            try {
                api.delete(replicas[i]);
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
