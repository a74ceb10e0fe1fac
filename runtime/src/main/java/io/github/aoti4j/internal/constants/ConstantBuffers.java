package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.internal.wrapper.ConstantSpec;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The two buffers for constants that native containers have: runs read the active one, an update
 * writes the inactive one. All containers of a model exchange theirs together.
 *
 * <p>Not thread-safe: the caller holds the lock for writing constants.
 */
final class ConstantBuffers implements AutoCloseable {
    private final Container container;
    private final RunGate gate;
    private final ConstantsApi api;
    private final List<RequiredConstant> needs;
    private final boolean folds;
    private final long foldedBytes;
    private final ContainerHandles made;

    /**
     * Looks at a fresh container.
     *
     * @param specs what the source says of the constants; empty if the package holds none
     */
    ConstantBuffers(
            Container container,
            RunGate gate,
            List<ConstantSpec> specs,
            Collection<String> symbols) {
        this.container = container;
        this.gate = gate;
        this.api = container.api().constants();
        this.made = new ContainerHandles(container.backend().tensors(), api, symbols);
        List<ConstantsApi.Constant> constants = api.list(container.handle());
        this.needs = RequiredConstant.of(constants, specs);
        // Not one of those that compute is among those that are needed.
        this.folds = needs.size() < constants.size();
        long computed = 0;
        for (ConstantsApi.Constant constant : constants) {
            computed = constant.fromFolded() ? Sizes.add(computed, constant.dataSize()) : computed;
        }
        this.foldedBytes = computed;
    }

    /** Returns the constants that need values, by their index; folded ones are left out. */
    List<RequiredConstant> needs() {
        return needs;
    }

    /**
     * Returns the same with the layouts of the container's own tensors, where the container states
     * them.
     */
    List<RequiredConstant> laidOutNeeds() {
        return canTellAttached()
                ? RequiredConstant.laidOut(container.backend().tensors(), needs, this::attached)
                : needs;
    }

    boolean folds() {
        return folds;
    }

    /** Returns the size of one set of what folding computes, as the container says. */
    long foldedBytes() {
        return foldedBytes;
    }

    boolean canTellAttached() {
        return api.canTellAttached();
    }

    /** Returns what is in the active buffer, by FQN: handles of the container's own. */
    Map<String, MemorySegment> attached() {
        return api.attached(container.handle());
    }

    /** Makes the first container use tensors where they lie. */
    void share(Map<String, BoundConstant> bound) {
        made.share(container.handle(), handles(bound), bound.keySet(), false);
    }

    /** Makes the first container copy tensors into its own memory. */
    void copy(Map<String, BoundConstant> bound) {
        if (container.device().isCpu()) {
            api.copy(container.handle(), handles(bound), false);
        } else {
            api.copyFromCpu(container.handle(), handles(bound), false);
        }
    }

    /** Makes the first container copy a whole blob into its own memory. */
    void copyBlob(MemorySegment blob) {
        api.copyFromBlob(container.handle(), blob);
    }

    /** Makes the other native containers use what the first one uses. */
    void attachReplicas() {
        MemorySegment[] replicas = container.replicas();
        if (needs.isEmpty() || replicas.length == 1) {
            return;
        }
        Map<String, MemorySegment> attached = attached();
        Map<String, MemorySegment> handles = new HashMap<>();
        needs.forEach(need -> handles.put(need.name(), attached.get(need.fqn())));
        for (int i = 1; i < replicas.length; i++) {
            made.share(replicas[i], handles, attached.keySet(), false);
        }
    }

    /**
     * Folds the constants of a fresh container: at once and not in the first run, where a failure
     * would lose one of the container's instances.
     */
    void fold() {
        if (folds) {
            fold(false);
        }
    }

    /** Writes all constants to the inactive buffers and folds them, while runs go on. */
    void fillInactive(Map<String, BoundConstant> bound) {
        awaitDevice();
        for (MemorySegment replica : container.replicas()) {
            made.share(replica, handles(bound), bound.keySet(), true);
        }
        if (folds) {
            foldInactive();
        }
    }

    /** Runs that a stream still has before it may be reading the buffer that is inactive now. */
    private void awaitDevice() {
        Device device = container.device();
        if (!device.isCpu()) {
            Gpu.of(device).synchronize();
        }
    }

    private void foldInactive() {
        // Folding runs on one of the container's model instances, of which there is one for each
        // permit: such a model is not replicated.
        int permit = gate.acquire(0);
        try (Cleanup _ = () -> gate.release(permit)) {
            fold(true);
        } catch (Throwable e) {
            // The instance that failed is left looking at the inactive buffer; exchanging twice
            // sets all of them right.
            Closeables.closeAfter(e, this::exchangeTwice);
            throw e;
        }
    }

    private void exchangeTwice() {
        gate.pauseRuns();
        try {
            api.swap(container.handle());
            api.swap(container.handle());
        } finally {
            gate.resumeRuns();
        }
    }

    private void fold(boolean inactive) {
        Object before = container.backend().tensors().enter();
        try (Cleanup _ = () -> container.backend().tensors().leave(before)) {
            container.compute(
                    () -> api.fold(container.handle(), inactive, container.proxyExecutor()));
        } catch (NativeException e) {
            container.throwOperatorFailure(e);
            throw container.explained(e);
        } catch (Throwable e) {
            container.throwOperatorFailure(e);
            throw e;
        }
        container.throwOperatorFailure(null);
    }

    /**
     * Exchanges the buffers while no run is in flight.
     *
     * @param exchanged runs before runs go on
     * @return for how many nanoseconds runs were paused
     */
    long exchange(Runnable exchanged) {
        long start = System.nanoTime();
        gate.pauseRuns();
        try {
            swapAll();
            made.swapped();
            exchanged.run();
        } finally {
            gate.resumeRuns();
        }
        return System.nanoTime() - start;
    }

    /** All or none, so that every run uses the set that is the current one. */
    private void swapAll() {
        MemorySegment[] replicas = container.replicas();
        int swapped = 0;
        try {
            while (swapped < replicas.length) {
                api.swap(replicas[swapped]);
                swapped++;
            }
        } catch (Throwable e) {
            while (swapped > 0) {
                MemorySegment replica = replicas[--swapped];
                Closeables.closeAfter(e, () -> api.swap(replica));
            }
            throw e;
        }
    }

    /**
     * Frees what the containers themselves own of the inactive buffers.
     *
     * <p>Not for models that fold: freeing leaves null handles in the place of folded constants,
     * through which the next update of that buffer would read ({@code ConstantBufferSet::reset} and
     * {@code update_array} in {@code model_container.h}, up to 2.14). Theirs are replaced by that
     * update.
     */
    void freeInactive() {
        awaitDevice();
        for (MemorySegment replica : container.replicas()) {
            api.freeInactive(replica);
        }
    }

    private Map<String, MemorySegment> handles(Map<String, BoundConstant> bound) {
        Map<String, MemorySegment> handles = new HashMap<>();
        for (RequiredConstant need : needs) {
            BoundConstant constant = bound.get(need.fqn());
            if (constant != null) {
                handles.put(need.name(), constant.segment());
            }
        }
        return handles;
    }

    /** Deletes the handles that are left, when the native containers are gone. */
    @Override
    public void close() {
        made.close();
    }
}
