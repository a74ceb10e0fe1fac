package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.constants.ConstantMatcher.Match;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.ContainerHandles;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.jfr.ConstantsSwapped;
import io.github.aoti4j.internal.jfr.WeightsAttached;
import io.github.aoti4j.internal.lifecycle.RefCounted;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A container's constants: which set of values it uses, and the way from one set to the next.
 *
 * <p>The container has two buffers. A new set is written to the inactive one and folded while runs
 * go on; then all runs are held up for as long as it takes to exchange the buffers. A set's memory
 * is released when no run and no output can look into it any more. One update at a time; everything
 * is thread-safe.
 */
public final class ConstantStore implements AutoCloseable {
    private static final String OWN = "the container's own memory";

    private final String model;
    private final Container container;
    private final RunGate gate;
    private final ConstantsApi api;
    private final List<RequiredConstant> needs;
    private final boolean folds;
    private final boolean allowUnknown;
    private final ContainerHandles containerHandles;

    /** Brings constants to the model's device; null for a model on the CPU. */
    private final Upload upload;

    /**
     * Whether the library is large enough to hold the weights; asked where the model cannot tell.
     */
    private final boolean mayHoldWeights;

    /** Held by whoever writes a buffer, exchanges them or frees one. */
    private final ReentrantLock writing = new ReentrantLock();

    private volatile ConstantSet current;

    /** Whether the native container is gone. */
    private volatile boolean closed;

    /**
     * What the container itself holds: weights from its library, or copies made when it was loaded.
     */
    private final ConstantSet own;

    /** The set that was last written to the inactive buffer, until that has been freed. */
    private ConstantSet inactive;

    /**
     * Looks at a fresh container.
     *
     * @param container the container, whose only user is the caller
     * @param specs what the source says of the constants; empty if the package holds none
     * @param libraryBytes the size of the model's library, which may hold the weights
     * @param upload brings constants to the container's device; null if that is the CPU
     * @param allowUnknown whether sources that the caller names may have names that the model does
     *     not have
     */
    public ConstantStore(
            String model,
            Container container,
            RunGate gate,
            List<ConstantSpec> specs,
            long libraryBytes,
            Collection<String> symbols,
            Upload upload,
            boolean allowUnknown) {
        this.model = model;
        this.container = container;
        this.gate = gate;
        this.upload = upload;
        this.allowUnknown = allowUnknown;
        this.api = container.api().constants();
        this.containerHandles = new ContainerHandles(api, symbols);
        List<ConstantsApi.Constant> constants = api.list(container.handle());
        this.needs = RequiredConstant.of(constants, specs);
        // Not one of those that compute is among those that are needed.
        this.folds = needs.size() < constants.size();
        long bytes = 0;
        for (RequiredConstant need : needs) {
            bytes += need.dataSize();
        }
        this.mayHoldWeights = bytes < libraryBytes;
        this.own = new ConstantSet(Map.of(), null, this::freeUnused);
        this.current = own;
    }

    /**
     * Returns the constants that need values.
     *
     * @return by their index in the container; folded ones left out
     */
    public List<RequiredConstant> needs() {
        return needs;
    }

    /**
     * Makes a fresh container use tensors where they lie.
     *
     * @param sources owned by this from now on, also after a failure
     * @param named how many sources, the first ones, the caller has named
     * @throws IncompatibleModelException listing what is missing, unknown or does not fit; nothing
     *     is attached then
     */
    public void share(List<ConstantSource> sources, int named) {
        Map<String, BoundConstant> bound = bindAll(sources, this::present, named, upload != null);
        if (!bound.isEmpty()) {
            boolean complete = bound.size() == needs.size();
            ConstantSet set =
                    new ConstantSet(bound, complete ? null : own.retain(), this::freeUnused);
            try {
                containerHandles.share(container.handle(), handles(bound), bound.keySet(), false);
            } catch (Throwable e) {
                set.release();
                throw e;
            }
            current = set;
            own.release();
        }
        fold();
    }

    /**
     * Makes a fresh container copy tensors into its own memory.
     *
     * @param sources owned by this from now on, also after a failure
     * @param named how many sources, the first ones, the caller has named
     * @throws IncompatibleModelException listing what is missing, unknown or does not fit; nothing
     *     is attached then
     */
    public void copy(List<ConstantSource> sources, int named) {
        Map<String, BoundConstant> bound = bindAll(sources, this::present, named, false);
        try {
            if (!bound.isEmpty()) {
                if (container.device().isCpu()) {
                    api.copy(container.handle(), handles(bound), false);
                } else {
                    api.copyFromCpu(container.handle(), handles(bound), false);
                }
            }
        } finally {
            ConstantSet.releaseAll(bound.values());
        }
        fold();
    }

    /**
     * Makes a fresh container copy a whole blob into its own memory, for packages compiled with an
     * external blob. Needs no knowledge of what lies where.
     */
    public void copyBlob(MemorySegment blob) {
        api.copyFromBlob(container.handle(), blob);
        fold();
    }

    /**
     * Makes the other native containers use what the first one uses. Called once, when that has its
     * constants.
     */
    public void attachReplicas() {
        MemorySegment[] replicas = container.replicas();
        if (needs.isEmpty() || replicas.length == 1) {
            return;
        }
        Map<String, MemorySegment> attached = api.attached(container.handle());
        Map<String, MemorySegment> handles = new HashMap<>();
        needs.forEach(need -> handles.put(need.name(), attached.get(need.fqn())));
        for (int i = 1; i < replicas.length; i++) {
            containerHandles.share(replicas[i], handles, attached.keySet(), false);
        }
    }

    /**
     * At once and not in the first run: a failure there would lose one of the container's
     * instances.
     */
    private void fold() {
        if (folds) {
            fold(false);
        }
    }

    private void fold(boolean inactiveBuffer) {
        try {
            api.fold(container.handle(), inactiveBuffer, container.proxyExecutor());
        } finally {
            container.throwOperatorFailure();
        }
    }

    /** FQNs of what the container holds already. */
    private Set<String> present() {
        if (api.canTellAttached()) {
            return api.attached(container.handle()).keySet();
        }
        Set<String> all = new HashSet<>();
        if (mayHoldWeights) {
            needs.forEach(need -> all.add(need.fqn()));
        }
        return all;
    }

    /**
     * Takes the current set for a run. The caller has passed the gate, so that it is the one that
     * the run will use.
     *
     * @return the set, to be released when neither run nor outputs need it
     */
    public ConstantSet acquire() {
        return current.retain();
    }

    /**
     * Tells whether a set is the current one, as {@link #acquire} would return it.
     *
     * @param set acquired before and not released
     * @return false after an update
     */
    public boolean isCurrent(ConstantSet set) {
        return current == set;
    }

    /** Tells where a constant's current values lie. */
    public String location(String fqn) {
        BoundConstant constant = current.bound().get(fqn);
        return constant == null ? OWN : constant.location();
    }

    /** Records for Flight Recorder, which runs, where the weights of a fresh container lie. */
    public void recordAttached() {
        Map<String, List<RequiredConstant>> places = new LinkedHashMap<>();
        for (RequiredConstant need : needs) {
            String location = location(need.fqn());
            int offset = location.lastIndexOf(", offset ");
            String place = offset < 0 ? location : location.substring(0, offset);
            places.computeIfAbsent(place, _ -> new ArrayList<>()).add(need);
        }
        places.forEach(
                (place, constants) -> {
                    long size = constants.stream().mapToLong(RequiredConstant::dataSize).sum();
                    new WeightsAttached(model, place, constants.size(), size).commit();
                });
    }

    /**
     * A tensor handle to current values, and what keeps them.
     *
     * @param handle the caller's to delete
     * @param set released by the caller after that
     */
    public record Current(MemorySegment handle, ConstantSet set) {}

    /**
     * Makes a handle to a constant's current values.
     *
     * @return the handle; empty if there is no such constant, or the container cannot tell
     */
    public Optional<Current> read(String fqn) {
        if (gate.isInRun()) {
            // Whoever writes may be waiting for this very run, before the buffers are exchanged.
            return readUnlocked(fqn);
        }
        // The container's own handles are valid as long as nobody exchanges the buffers.
        writing.lock();
        try {
            return readUnlocked(fqn);
        } finally {
            writing.unlock();
        }
    }

    private Optional<Current> readUnlocked(String fqn) {
        BoundConstant constant = current.bound().get(fqn);
        MemorySegment handle =
                constant != null
                        ? constant.segment()
                        : api.canTellAttached() ? api.attached(container.handle()).get(fqn) : null;
        if (handle == null) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            TorchApi.newTensorHandle(handle, slot);
            return Optional.of(new Current(slot.get(ValueLayout.ADDRESS, 0), current.retain()));
        }
    }

    /**
     * Replaces some or all constants. Runs go on with the old values until the new ones are
     * complete; if anything fails, they go on with the old values for good.
     *
     * @param sources the new values by FQN, owned by this from now on, also after a failure;
     *     constants that none of them has keep their values
     * @throws IncompatibleModelException listing what does not fit; nothing has changed then
     */
    public void update(List<ConstantSource> sources) {
        ConstantsSwapped event = Recorder.isOn() ? new ConstantsSwapped(model) : null;
        try {
            update(sources, event);
        } finally {
            if (event != null) {
                event.commit();
            }
        }
    }

    private void update(List<ConstantSource> sources, ConstantsSwapped event) {
        writing.lock();
        try {
            Set<String> all = new HashSet<>();
            needs.forEach(need -> all.add(need.fqn()));
            Map<String, BoundConstant> bound =
                    new LinkedHashMap<>(
                            bindAll(sources, () -> all, sources.size(), upload != null));
            int count = bound.size();
            ConstantSet next;
            try {
                carryOver(bound);
                next = new ConstantSet(bound, null, this::freeUnused);
            } catch (Throwable e) {
                ConstantSet.releaseAll(bound.values());
                throw e;
            }
            try {
                awaitDevice();
                for (MemorySegment replica : container.replicas()) {
                    containerHandles.share(replica, handles(bound), bound.keySet(), true);
                }
                foldInactive();
            } catch (Throwable e) {
                // The inactive buffer keeps pointers to the dead set; the next update overwrites
                // all of them.
                next.release();
                throw e;
            }
            long heldUp = exchange(next);
            if (event != null) {
                event.succeeded(count, heldUp);
            }
        } finally {
            writing.unlock();
            freeUnused();
        }
    }

    /** Runs that a stream still has before it may be reading the buffer that is inactive now. */
    private void awaitDevice() {
        if (upload != null) {
            upload.gpu().synchronize();
        }
    }

    /** A partial update has to hand in every constant: the container carries over no parameters. */
    private void carryOver(Map<String, BoundConstant> bound) {
        Map<String, BoundConstant> before = current.bound();
        Map<String, MemorySegment> attached = null;
        for (RequiredConstant need : needs) {
            if (bound.containsKey(need.fqn())) {
                continue;
            }
            if (before.containsKey(need.fqn())) {
                bound.put(need.fqn(), before.get(need.fqn()).copy());
                continue;
            }
            if (attached == null) {
                if (!api.canTellAttached()) {
                    throw new IncompatibleModelException(
                            "model "
                                    + model
                                    + " was compiled by a PyTorch before 2.13, which cannot tell"
                                    + " its current constants: give all of them");
                }
                attached = api.attached(container.handle());
            }
            bound.put(
                    need.fqn(),
                    BoundConstant.of(
                            attached.get(need.fqn()), new RefCounted<>(own.retain()), OWN));
        }
    }

    private void foldInactive() {
        if (!folds) {
            return;
        }
        // Folding runs on one of the container's model instances, of which there is one for each
        // permit: such a model is not replicated.
        int permit = gate.acquire(0);
        boolean held = true;
        try {
            fold(true);
        } catch (Throwable e) {
            gate.release(permit);
            held = false;
            // The instance that failed is left looking at the inactive buffer; exchanging twice
            // sets all of them right.
            gate.pauseRuns();
            try {
                api.swap(container.handle());
                api.swap(container.handle());
            } finally {
                gate.resumeRuns();
            }
            throw e;
        } finally {
            if (held) {
                gate.release(permit);
            }
        }
    }

    /** Returns for how many nanoseconds runs were held up. */
    private long exchange(ConstantSet next) {
        ConstantSet before = current;
        long start = System.nanoTime();
        gate.pauseRuns();
        try {
            swapAll();
            containerHandles.swapped();
            current = next;
            inactive = before;
        } finally {
            gate.resumeRuns();
        }
        long heldUp = System.nanoTime() - start;
        before.release();
        return heldUp;
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
                api.swap(replicas[--swapped]);
            }
            throw e;
        }
    }

    /**
     * Frees what the container itself owns of the inactive buffer, once nothing can look into it.
     * Called by whoever lets go last; if an update is on its way, that does it when it is done.
     *
     * <p>Not for models that fold: freeing leaves null handles in the place of folded constants,
     * through which the next update of that buffer would read ({@code ConstantBufferSet::reset} and
     * {@code update_array} in {@code model_container.h}, up to 2.14). Theirs are replaced by that
     * update.
     */
    private void freeUnused() {
        if (folds || closed || !writing.tryLock()) {
            return;
        }
        try {
            if (inactive != null && inactive.isUnused() && own.isUnused()) {
                inactive = null;
                awaitDevice();
                for (MemorySegment replica : container.replicas()) {
                    api.freeInactive(replica);
                }
            }
        } finally {
            writing.unlock();
        }
    }

    /** Lets go of the current set. Called once, after the native container has been deleted. */
    @Override
    public void close() {
        closed = true;
        try {
            containerHandles.close();
        } finally {
            current.release();
        }
    }

    /**
     * Closes the sources unless the result uses them; each constant in the result has a use of its
     * backing.
     */
    private Map<String, BoundConstant> bindAll(
            List<ConstantSource> sources,
            Supplier<Set<String>> present,
            int named,
            boolean toDevice) {
        List<RefCounted<ConstantSource>> backings = new ArrayList<>();
        for (ConstantSource source : sources) {
            backings.add(new RefCounted<>(source));
        }
        Map<String, BoundConstant> bound = new LinkedHashMap<>();
        try {
            Map<String, Match> matches =
                    new ConstantMatcher(model, laidOutNeeds(), allowUnknown)
                            .match(sources, present, named);
            List<Match> forDevice = new ArrayList<>();
            for (Match match : matches.values()) {
                if (toDevice && match.need().isOnDevice()) {
                    forDevice.add(match);
                } else {
                    bound.put(match.need().fqn(), bind(match, backings.get(match.source())));
                }
            }
            if (!forDevice.isEmpty()) {
                new DeviceConstants(upload).bind(forDevice, bound);
            }
            return bound;
        } catch (Throwable e) {
            ConstantSet.releaseAll(bound.values());
            throw e;
        } finally {
            for (RefCounted<ConstantSource> backing : backings) {
                backing.release();
            }
        }
    }

    private List<RequiredConstant> laidOutNeeds() {
        return api.canTellAttached()
                ? RequiredConstant.laidOut(needs, () -> api.attached(container.handle()))
                : needs;
    }

    private static BoundConstant bind(Match match, RefCounted<ConstantSource> backing) {
        StoredTensor tensor = match.tensor();
        long[] strides = match.need().strides();
        if (strides == null) {
            strides = Shapes.contiguousStrides(tensor.shape());
        }
        boolean fits =
                Shapes.sameLayout(tensor.shape(), tensor.strides(), strides) && isAligned(tensor);
        if (fits && !match.borrowed()) {
            return bound(tensor.segment(), tensor, strides, backing.retain(), tensor.location());
        }
        // The code was compiled for certain strides, and reads whole elements; memory of the
        // caller may end before the model does.
        Arena arena = Arena.ofShared();
        RefCounted<Arena> copy = new RefCounted<>(arena);
        try {
            MemorySegment memory =
                    arena.allocate(
                            Shapes.spanBytes(tensor.shape(), strides, tensor.dtype().byteSize()),
                            64);
            StridedCopy.copy(
                    tensor.segment(),
                    tensor.shape(),
                    tensor.strides(),
                    tensor.dtype().byteSize(),
                    memory,
                    strides);
            return bound(
                    memory,
                    tensor,
                    strides,
                    copy,
                    tensor.location() + (match.borrowed() ? "" : ", copied for its layout"));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static BoundConstant bound(
            MemorySegment memory,
            StoredTensor tensor,
            long[] strides,
            RefCounted<?> backing,
            String location) {
        try {
            return BoundConstant.of(
                    memory, tensor.dtype(), tensor.shape(), strides, backing, location);
        } catch (Throwable e) {
            backing.release();
            throw e;
        }
    }

    private static boolean isAligned(StoredTensor tensor) {
        int part = tensor.dtype().byteSize() / (tensor.dtype().isComplex() ? 2 : 1);
        return tensor.segment().address() % part == 0;
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
}
