package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.jfr.ConstantsSwapped;
import io.github.aoti4j.internal.jfr.WeightsAttached;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.internal.wrapper.ConstantSpec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * A container's constants: the set of values that it uses, and updates from one set to the next.
 *
 * <p>The container has two buffers. A new set is written to the inactive one and folded while runs
 * go on; then runs are paused while the buffers are exchanged. A set's memory is released when no
 * run and no output can refer to it any more. Thread-safe; there is one update at a time.
 */
public final class ConstantStore implements AutoCloseable {
    private static final String OWN = "the container's own memory";

    private final String model;
    private final RunGate gate;
    private final TensorApi tensors;
    private final ConstantBuffers buffers;
    private final ConstantBinder binder;
    private final WeightsBudget memory;
    private final List<RequiredConstant> needs;

    /** Whether the library is large enough to hold the weights, where the model cannot tell. */
    private final boolean mayHoldWeights;

    /** Held while a buffer is written, exchanged or freed. */
    private final ReentrantLock writing = new ReentrantLock();

    private volatile ConstantSet current;

    /** How many updates there have been. */
    private final AtomicLong version = new AtomicLong();

    /** Whether a container has a copy that it does not free with an unused buffer. */
    private boolean keepsCopy;

    /** Whether the native container is gone. */
    private volatile boolean closed;

    /** What the container itself holds: weights of its library, or copies made on loading. */
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
     * @param memory closed with this
     * @throws MemoryLimitException if the container's constants are beyond the limit
     */
    public ConstantStore(
            String model,
            Container container,
            RunGate gate,
            List<ConstantSpec> specs,
            long libraryBytes,
            Collection<String> symbols,
            Upload upload,
            boolean allowUnknown,
            WeightsBudget memory) {
        this.model = model;
        this.memory = memory;
        this.gate = gate;
        this.buffers = new ConstantBuffers(container, gate, specs, symbols);
        this.tensors = container.backend().tensors();
        this.binder = new ConstantBinder(model, tensors, allowUnknown, upload, memory);
        this.needs = buffers.needs();
        this.mayHoldWeights =
                needs.stream().mapToLong(RequiredConstant::dataSize).sum() < libraryBytes;
        this.own = new ConstantSet(Map.of(), null, this::freeUnused);
        this.current = own;
        boolean onCpu = container.device().isCpu();
        long copied = 0;
        for (RequiredConstant need : needs) {
            if (onCpu || !need.onDevice()) {
                copied = Sizes.add(copied, Sizes.padded(need.dataSize()));
            }
        }
        memory.measured(copied, onCpu ? buffers.foldedBytes() : 0, mayHoldWeights);
    }

    /** Returns the constants that need values; folded ones are left out. */
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
        Map<String, BoundConstant> bound =
                binder.bind(sources, buffers::laidOutNeeds, this::present, named, true);
        if (!bound.isEmpty()) {
            boolean complete = bound.size() == needs.size();
            ConstantSet set =
                    new ConstantSet(bound, complete ? null : own.retain(), this::freeUnused);
            try {
                buffers.share(bound);
            } catch (Throwable e) {
                Closeables.closeAfter(e, set);
                throw e;
            }
            current = set;
            own.release();
        }
        buffers.fold();
    }

    /** Makes a fresh container copy tensors into its own memory; otherwise as {@link #share}. */
    public void copy(List<ConstantSource> sources, int named) {
        Map<String, BoundConstant> bound =
                binder.bind(sources, buffers::laidOutNeeds, this::present, named, false);
        try (Cleanup _ = () -> Closeables.closeAll(bound.values())) {
            if (!bound.isEmpty()) {
                buffers.copy(bound);
            }
        }
        buffers.fold();
    }

    /** Makes a fresh container copy a whole blob, whose layout it alone knows. */
    public void copyBlob(MemorySegment blob) {
        keepsCopy = true;
        buffers.copyBlob(blob);
        buffers.fold();
    }

    /** Makes the other native containers use what the first one uses. Called once, after that. */
    public void attachReplicas() {
        buffers.attachReplicas();
    }

    /** FQNs of what the container holds already. */
    private Set<String> present() {
        if (buffers.canTellAttached()) {
            return buffers.attached().keySet();
        }
        return mayHoldWeights ? names() : Set.of();
    }

    private Set<String> names() {
        return needs.stream().map(RequiredConstant::fqn).collect(Collectors.toSet());
    }

    /**
     * Returns the current set for a run, to be released when neither run nor outputs need it. The
     * caller holds a permit, so that the run will use this set.
     */
    public ConstantSet acquire() {
        return current.retain();
    }

    public long version() {
        return version.get();
    }

    /** Returns whether a set that was acquired is still the current one. */
    public boolean isCurrent(ConstantSet set) {
        return current == set;
    }

    /** Returns where a constant's current values lie, for people. */
    public String location(String fqn) {
        BoundConstant constant = current.bound().get(fqn);
        return constant == null ? OWN : constant.location();
    }

    /** Returns how many bytes of the current set are used in place in mapped files. */
    public long mappedBytes() {
        if (closed) {
            return 0;
        }
        return current.bound().values().stream().mapToLong(BoundConstant::mapped).sum();
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

    /** A tensor handle, for the caller to delete, and the set to release after that. */
    public record Current(MemorySegment handle, ConstantSet set) {}

    /**
     * Makes a handle to a constant's current values; empty if there is no such constant, or the
     * container cannot tell.
     */
    public Optional<Current> read(String fqn) {
        if (gate.isInRun()) {
            // An update may be waiting for this very run, before it exchanges the buffers.
            return readUnlocked(fqn);
        }
        // The container's own handles are valid until the buffers are exchanged.
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
                        : buffers.canTellAttached() ? buffers.attached().get(fqn) : null;
        if (handle == null) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ValueLayout.ADDRESS);
            tensors.newHandle(handle.address(), slot.address());
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
     * @throws MemoryLimitException if the limit does not allow copies; nothing has changed then
     */
    public void update(List<ConstantSource> sources) {
        ConstantsSwapped event = Recorder.isOn() ? new ConstantsSwapped(model) : null;
        writing.lock();
        try (Cleanup _ = event == null ? null : event::commit) {
            Map<String, BoundConstant> bound =
                    binder.bind(sources, buffers::laidOutNeeds, this::names, sources.size(), true);
            int count = bound.size();
            try {
                carryOver(bound);
            } catch (Throwable e) {
                Closeables.closeAfter(e, bound.values());
                throw e;
            }
            ConstantSet next = new ConstantSet(bound, null, this::freeUnused);
            ConstantSet before = current;
            long heldUp;
            try {
                if (buffers.folds()) {
                    memory.foldAgain();
                }
                buffers.fillInactive(bound);
                heldUp =
                        buffers.exchange(
                                () -> {
                                    current = next;
                                    inactive = before;
                                    long _ = version.incrementAndGet();
                                });
            } catch (Throwable e) {
                // The inactive buffer keeps pointers to what is closed here; the next update
                // overwrites all of them.
                Closeables.closeAfter(e, current == before ? next : null);
                throw e;
            }
            before.release();
            if (event != null) {
                event.succeeded(count, heldUp);
            }
        } finally {
            writing.unlock();
            freeUnused();
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
                if (!buffers.canTellAttached()) {
                    throw new IncompatibleModelException(
                            "model "
                                    + model
                                    + " was compiled by a PyTorch before 2.13, which cannot tell"
                                    + " its current constants: give all of them");
                }
                attached = buffers.attached();
            }
            bound.put(
                    need.fqn(),
                    BoundConstant.of(
                            tensors,
                            attached.get(need.fqn()).address(),
                            new RefCounted<>(own.retain()),
                            OWN,
                            0));
        }
    }

    /**
     * Frees what the container itself owns of the inactive buffer, once nothing can look into it.
     * Called by the last user; if an update is on its way, that does it when it is done.
     */
    private void freeUnused() {
        if (buffers.folds() || closed || !writing.tryLock()) {
            return;
        }
        try {
            if (inactive != null && inactive.isUnused() && own.isUnused()) {
                inactive = null;
                buffers.freeInactive();
                if (!keepsCopy) {
                    memory.ownFreed();
                }
            }
        } finally {
            writing.unlock();
        }
    }

    /** Releases the current set. Called once, after the native container has been deleted. */
    @Override
    public void close() {
        closed = true;
        Closeables.closeAll(buffers, current, memory);
    }
}
