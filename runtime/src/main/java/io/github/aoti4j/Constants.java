package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.StackGuard;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.ConstantStore;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.NativeTensor;
import io.github.aoti4j.internal.RunSlots;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.weights.TensorSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The constants of a loaded model: its parameters, buffers, and the tensors that its code mentions.
 * Thread-safe.
 *
 * <p>Constants that folding computes from others are not among them.
 */
public final class Constants {
    private final Container container;
    private final RunSlots slots;

    Constants(Container container, RunSlots slots) {
        this.container = container;
        this.slots = slots;
    }

    /**
     * Lists the constants.
     *
     * @return by their index in the model; unmodifiable
     * @throws IllegalStateException if the model is closed
     */
    public List<ConstantInfo> list() {
        container.requireStack();
        container.acquire();
        try {
            ConstantStore store = container.constants();
            return store.needs().stream()
                    .map(need -> ConstantInfo.of(need, store.location(need.fqn())))
                    .toList();
        } finally {
            container.release();
        }
    }

    /**
     * Reads a constant where it lies. A model that writes into its buffers does so without
     * synchronisation.
     *
     * @param arena the tensor lives as long as it does, and keeps these values in memory even when
     *     they are replaced
     * @param fqn a name of {@link #list()}
     * @return a read-only view
     * @throws IncompatibleModelException if there is no such constant, or the model cannot tell its
     *     values (compiled before PyTorch 2.13, with the weights in its library)
     * @throws IllegalStateException if the model or the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public Tensor read(Arena arena, String fqn) {
        requireNonNull(arena, "arena");
        requireNonNull(fqn, "fqn");
        container.requireStack();
        OutputLease lease = OutputLease.of(container);
        boolean adopted = false;
        try (Arena own = Arena.ofConfined()) {
            ConstantStore.Current found =
                    container
                            .constants()
                            .read(fqn)
                            .orElseThrow(
                                    () ->
                                            new IncompatibleModelException(
                                                    "there is no constant \"%s\" whose values can be read"
                                                            .formatted(fqn)));
            lease.takeHandle(found.handle());
            lease.takeConstants(found.set());
            NativeTensor tensor =
                    NativeTensor.anywhere(
                            found.handle(),
                            own.allocate(ValueLayout.JAVA_LONG),
                            "constant \"" + fqn + "\"");
            boolean onCpu = tensor.device().isCpu();
            MemorySegment memory =
                    MemorySegment.ofAddress(tensor.address())
                            .reinterpret(onCpu ? tensor.bytes() : 0, arena, null)
                            .asReadOnly();
            MemoryUses uses = onCpu ? null : MemoryUses.ofNoStream();
            lease.takeUses(uses);
            Tensor values =
                    Tensor.used(
                            tensor.dtype(),
                            tensor.shape(),
                            tensor.strides(),
                            memory,
                            tensor.device(),
                            uses);
            lease.handTo(arena);
            adopted = true;
            return values;
        } finally {
            if (!adopted) {
                lease.run();
            }
        }
    }

    /**
     * Replaces constants while the model runs. Runs go on with the old values until all new ones
     * are in place; then every run that starts uses the new ones, and none a mix. If anything is
     * wrong, all keep the old ones. Names that no file has keep their values.
     *
     * <p>The files are mapped and used in place, as when a model is loaded. Old values are released
     * when no run and no output uses them any more. Updates wait for one another.
     *
     * @param files weight files as in {@link ModelOptions#weights}; names that the model does not
     *     have are ignored, unless it has none of them
     * @throws PackageException if a file is not sound
     * @throws IncompatibleModelException listing what does not fit the model
     * @throws NativeException if the model refuses or its folding fails
     * @throws IllegalStateException if the model is closed, or an operator calls this in a run of
     *     the model, for whose end the update would wait
     */
    public void update(Path... files) {
        update(false, files);
    }

    /**
     * Replaces constants while the model runs, refusing names that it does not have; see {@link
     * #update(Path...)}.
     *
     * @param files weight files
     * @throws PackageException if a file is not sound
     * @throws IncompatibleModelException listing what does not fit the model, and what is
     *     unexpected
     * @throws NativeException if the model refuses or its folding fails
     * @throws IllegalStateException as in {@link #update}
     */
    public void updateStrictly(Path... files) {
        update(true, files);
    }

    private void update(boolean strict, Path... files) {
        List<Path> all = List.of(requireNonNull(files, "files"));
        if (slots.gate().isInside()) {
            throw new IllegalStateException(
                    "constants cannot be replaced by an operator in a run of their model, for whose"
                            + " end the update would wait");
        }
        StackGuard.requireForLoad();
        container.acquire();
        try {
            container.constants().update(open(all), strict, slots);
        } finally {
            container.release();
        }
    }

    /** Opens all files, or none. */
    static List<TensorSource> open(List<Path> files) {
        List<TensorSource> sources = new ArrayList<>();
        try {
            for (Path file : files) {
                sources.add(TensorSource.open(file));
            }
            return sources;
        } catch (Throwable e) {
            sources.forEach(TensorSource::close);
            throw e;
        }
    }
}
