package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.torch.TensorApi;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensor handles that native containers make of the tensors they are given to use in place.
 *
 * <p>Up to PyTorch 2.14 a container never deletes them ({@code MaybeOwningAtenTensorHandle} in
 * {@code aoti_runtime/utils.h}): 32 bytes for each handle and 336 for the tensor that it keeps. So
 * they are deleted here, when the container has others in their place or is gone. Later containers
 * delete their handles themselves, and do not have that class any more
 * (github.com/pytorch/pytorch/pull/194480). The code is the model's, not libtorch's, hence its
 * symbols decide.
 *
 * <p>Not thread-safe: the caller holds the lock for writing constants.
 */
final class ContainerHandles implements AutoCloseable {
    private static final String LEAKING = "MaybeOwningAtenTensorHandle";

    private final TensorApi tensors;
    private final ConstantsApi api;
    private final boolean leaking;

    /** By container; and the same for the buffers that are inactive. */
    private Map<Long, Set<Long>> active = new HashMap<>();

    private Map<Long, Set<Long>> inactive = new HashMap<>();

    /** Starts with none. */
    ContainerHandles(TensorApi tensors, ConstantsApi api, Collection<String> symbols) {
        this.tensors = tensors;
        this.api = api;
        this.leaking =
                api.canTellAttached() && symbols.stream().anyMatch(name -> name.contains(LEAKING));
    }

    /**
     * Makes a container use tensors in place, as {@link ConstantsApi#share}. Deletes the handles of
     * those that it used before in that buffer.
     *
     * @param fqns the names of what {@code shared} has, which may stand for several constants
     */
    void share(
            MemorySegment container,
            Map<String, MemorySegment> shared,
            Set<String> fqns,
            boolean toInactive) {
        api.share(container, shared, toInactive);
        if (!leaking) {
            return;
        }
        Set<Long> made = new HashSet<>();
        api.attached(container, toInactive)
                .forEach(
                        (fqn, handle) -> {
                            if (fqns.contains(fqn)) {
                                made.add(handle.address());
                            }
                        });
        Set<Long> before = (toInactive ? inactive : active).put(container.address(), made);
        if (before != null) {
            before.removeAll(made);
            delete(before);
        }
    }

    /** Notes that all containers have exchanged their buffers. */
    void swapped() {
        Map<Long, Set<Long>> other = active;
        active = inactive;
        inactive = other;
    }

    /** Deletes what is left. Called when the containers have been deleted. */
    @Override
    public void close() {
        Set<Long> all = new HashSet<>();
        active.values().forEach(all::addAll);
        inactive.values().forEach(all::addAll);
        delete(all);
    }

    private void delete(Set<Long> handles) {
        List<Cleanup> deletions = new ArrayList<>();
        for (long handle : handles) {
            deletions.add(() -> tensors.delete(handle));
        }
        Closeables.closeAll(deletions);
    }
}
