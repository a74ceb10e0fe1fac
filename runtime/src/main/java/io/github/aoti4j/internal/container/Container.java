package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.model.ModelApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.jfr.ModelRun;
import io.github.aoti4j.internal.operators.ProxyExecutor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The native containers of one model: one for all its runs, or one for each permit, all with the
 * same constants. Thread-safe; the owner sees to it that nothing uses them when they are closed.
 */
public final class Container implements AutoCloseable {
    private final String name;
    private final Backend backend;

    /** For each of the native containers, the functions of its library. */
    private final ModelApi[] apis;

    private final MemorySegment[] replicas;

    /** Held by each run; null where runs go on at once. */
    private final ReentrantLock alone;

    private final List<String> inputNames;
    private final List<String> outputNames;

    /** Null for a model that calls no operator through one. */
    private final ProxyExecutor executor;

    /** Null for a model whose inputs are checked here. */
    private final EmbeddedInputChecks ownChecks;

    /** Null if nobody listens. */
    private final RunListener listener;

    /**
     * How many native containers a model has, and what they use.
     *
     * @param replicas how many native containers there shall be. A run in one of its own takes none
     *     of the locks of a shared one
     * @param runners how many runs may be in flight in each
     * @param kernels the folder with its GPU kernels; null if it has none
     * @param executor what the model calls for operators without a C function; null if it calls
     *     none
     * @param ownChecks whether the model is to check its inputs by itself
     * @param listener hears of runs; null if nobody listens
     */
    public record Settings(
            int replicas,
            int runners,
            String kernels,
            ProxyExecutor executor,
            boolean ownChecks,
            RunListener listener) {}

    /**
     * Creates the native containers.
     *
     * @param libraries the opened model, which outlives this
     * @throws NativeException if one cannot be made; there is none then
     */
    public Container(String name, ModelLibraries libraries, Backend backend, Settings settings) {
        this.name = name;
        this.backend = backend;
        this.executor = settings.executor();
        this.ownChecks = settings.ownChecks() ? new EmbeddedInputChecks() : null;
        this.listener = settings.listener();
        this.alone = libraries.lock();
        this.replicas = new MemorySegment[settings.replicas()];
        this.apis = new ModelApi[replicas.length];
        int made = 0;
        try {
            for (; made < replicas.length; made++) {
                apis[made] = new ModelApi(libraries.of(made), settings.runners() == 1);
                replicas[made] =
                        apis[made].create(
                                backend.device().toString(),
                                settings.runners(),
                                settings.kernels());
            }
            this.inputNames = List.copyOf(apis[0].inputNames(replicas[0]));
            this.outputNames = List.copyOf(apis[0].outputNames(replicas[0]));
        } catch (Throwable e) {
            Closeables.closeAfter(e, deletions(made));
            throw e;
        }
    }

    /** Returns the model's name, for messages. */
    public String name() {
        return name;
    }

    /** Returns the functions of the first native container, which serve all but for their runs. */
    public ModelApi api() {
        return apis[0];
    }

    public Device device() {
        return backend.device();
    }

    public Backend backend() {
        return backend;
    }

    public List<String> inputNames() {
        return inputNames;
    }

    public List<String> outputNames() {
        return outputNames;
    }

    /** Makes what a run passes to this. */
    public RunSlot newSlot() {
        return new RunSlot(backend, inputNames.size(), outputNames.size());
    }

    /**
     * Returns the native containers; the first owns the constants that the container has itself.
     */
    public MemorySegment[] replicas() {
        return replicas;
    }

    /** Returns the first native container. */
    public MemorySegment handle() {
        return replicas[0];
    }

    /** Returns the C++ object that the model calls for operators; null if it calls none. */
    public MemorySegment proxyExecutor() {
        return executor == null ? MemorySegment.NULL : executor.object();
    }

    /** Returns whether runs may call operators that are written in Java. */
    public boolean callsBack() {
        return executor != null;
    }

    /**
     * Requires that this thread have stack for a run. To be called while nothing has been taken
     * that would have to be given back.
     *
     * @throws StackOverflowError if it has too little
     */
    public void requireStack() {
        if (executor == null && backend.tensors().isLibTorch()) {
            StackGuard.requireForRun();
        } else {
            StackGuard.requireForOperators();
        }
    }

    /**
     * Throws what an operator behind {@link #proxyExecutor} failed with in the run, or the folding
     * of constants, that has just ended on this thread. To be called after each, whatever it
     * returned: a model need not notice that an operator failed.
     *
     * @param later what has failed since, perhaps for that reason, and becomes a suppressed
     *     exception; null if nothing has
     */
    public void throwOperatorFailure(Throwable later) {
        if (executor == null) {
            return;
        }
        try {
            ProxyExecutor.throwFailure();
        } catch (RuntimeException | Error e) {
            if (later != null) {
                e.addSuppressed(later);
            }
            throw e;
        }
    }

    /**
     * Runs the model with what a slot holds.
     *
     * @param slot its inputs are set, its outputs empty; to be reset by the caller if this fails
     * @param stream what does the work, which may go on when this returns; null on the CPU
     * @throws NativeException if the model fails, with its message
     * @throws IllegalStateException if an arena that the slot holds is closed; nothing has been run
     * @throws WrongThreadException if one is confined to another thread; nothing has been run
     */
    void run(int permit, RunSlot slot, MemorySegment stream) {
        if (listener == null && ownChecks == null && !Recorder.isOn()) {
            // At once: the compiler inlines only up to a depth of calls, and the model's call is
            // many more below.
            call(permit, slot, stream);
        } else if (listener != null) {
            heardRun(permit, slot, stream);
        } else {
            recordedRun(permit, slot, stream);
        }
    }

    private void heardRun(int permit, RunSlot slot, MemorySegment stream) {
        long start = System.nanoTime();
        try {
            recordedRun(permit, slot, stream);
        } catch (Throwable e) {
            listener.runFailed(e, System.nanoTime() - start);
            throw e;
        }
        listener.ran(System.nanoTime() - start);
    }

    private void recordedRun(int permit, RunSlot slot, MemorySegment stream) {
        if (!Recorder.isOn()) {
            checkedRun(permit, slot, stream);
            return;
        }
        var event = new ModelRun(name, permit);
        try {
            checkedRun(permit, slot, stream);
        } finally {
            event.commit();
        }
    }

    private void checkedRun(int permit, RunSlot slot, MemorySegment stream) {
        if (ownChecks != null && ownChecks.isWanted()) {
            ownChecks.whileOn(() -> call(permit, slot, stream));
        } else {
            call(permit, slot, stream);
        }
    }

    private void call(int permit, RunSlot slot, MemorySegment stream) {
        int replica = replicas.length == 1 ? 0 : permit;
        ModelApi api = apis[replica];
        int code;
        if (alone == null && executor == null) {
            code = api.run(replicas[replica], slot.arguments(), stream, MemorySegment.NULL);
        } else {
            code = otherRun(replica, slot, stream);
        }
        try {
            slot.separateOutputs();
        } catch (Throwable e) {
            throwOperatorFailure(e);
            throw e;
        }
        // Whatever else failed: what is kept must not come out of a later run.
        throwOperatorFailure(null);
        if (code != 0) {
            throw explained(api.failure(api.runFunction()));
        }
    }

    private int otherRun(int replica, RunSlot slot, MemorySegment stream) {
        if (alone == null) {
            return callWithOperators(replica, slot, stream);
        }
        alone.lock();
        try {
            return executor == null
                    ? apis[replica].run(
                            replicas[replica], slot.arguments(), stream, MemorySegment.NULL)
                    : callWithOperators(replica, slot, stream);
        } finally {
            alone.unlock();
        }
    }

    /** Does what uses the first native container's kernels outside of a run. */
    public void compute(Runnable work) {
        if (alone == null) {
            work.run();
            return;
        }
        alone.lock();
        try {
            work.run();
        } finally {
            alone.unlock();
        }
    }

    /** Returns the failure of a function that the model called, if that is known, or its own. */
    public NativeException explained(NativeException fromModel) {
        NativeException reason = backend.tensors().takeFailure();
        if (reason == null) {
            return fromModel;
        }
        reason.addSuppressed(fromModel);
        return reason;
    }

    private int callWithOperators(int replica, RunSlot slot, MemorySegment stream) {
        long[] outer = executor.begin(slot.arguments(), slot.scratchAddress());
        try {
            return apis[replica].run(
                    replicas[replica], slot.arguments(), stream, executor.object());
        } finally {
            ProxyExecutor.end(outer);
        }
    }

    /** Deletes the native containers when the device has done its work. Called once. */
    @Override
    public void close() {
        // Runs whose outputs are gone may still read the constants.
        Closeables.closeAll(backend::await, () -> Closeables.closeAll(deletions(replicas.length)));
    }

    /** The first one last: the others use what it owns. */
    private AutoCloseable[] deletions(int count) {
        List<AutoCloseable> deletions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            MemorySegment container = replicas[i];
            ModelApi api = apis[i];
            deletions.addFirst(() -> api.delete(container));
        }
        return deletions.toArray(AutoCloseable[]::new);
    }
}
