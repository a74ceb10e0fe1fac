package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.constants.ConstantSource;
import io.github.aoti4j.internal.constants.ConstantStore;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.exec.NativeModel;
import io.github.aoti4j.internal.exec.OutputLease;
import io.github.aoti4j.internal.load.WeightsLoader;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.TensorView;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The constants of a loaded model: its parameters, buffers, and the tensors that its code mentions.
 * Thread-safe.
 *
 * <p>Constants that folding computes from others are not among them.
 */
public final class Constants {
    private final NativeModel model;

    Constants(NativeModel model) {
        this.model = model;
    }

    /**
     * Lists the constants.
     *
     * @return by their index in the model; unmodifiable
     * @throws IllegalStateException if the model is closed
     */
    public List<ConstantInfo> list() {
        model.container().requireStack();
        try (var _ = model.acquire()) {
            ConstantStore store = model.constants();
            return store.needs().stream()
                    .map(need -> ConstantInfo.of(need, store.location(need.fqn())))
                    .toList();
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
     * @throws IncompatibleModelException if there is no such constant, or the model cannot return
     *     its values (compiled before PyTorch 2.13, with the weights in its library)
     * @throws IllegalStateException if the model or the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public Tensor read(Arena arena, String fqn) {
        requireNonNull(arena, "arena");
        requireNonNull(fqn, "fqn");
        model.container().requireStack();
        try (OutputLease lease = new OutputLease(model);
                Arena own = Arena.ofConfined()) {
            ConstantStore.Current found =
                    model.constants()
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
                            model.container().backend().tensors(),
                            found.handle().address(),
                            own.allocate(ValueLayout.JAVA_LONG).address(),
                            "constant \"" + fqn + "\"");
            boolean onCpu = tensor.device().isCpu();
            MemorySegment memory =
                    MemorySegment.ofAddress(tensor.address())
                            .reinterpret(onCpu ? tensor.bytes() : 0, arena, null)
                            .asReadOnly();
            MemoryUses uses = onCpu ? null : MemoryUses.ofNoStream();
            lease.takeUses(uses);
            TensorView values =
                    new TensorView(
                            tensor.dtype(),
                            tensor.shape(),
                            tensor.strides(),
                            memory,
                            tensor.device(),
                            uses);
            lease.handTo(arena);
            return new Tensor(values);
        }
    }

    /**
     * Replaces constants by those of files while the model runs. Runs go on with the old values
     * until all new ones are in place; then every run that starts uses the new ones, and none a
     * mix. If anything is wrong, all keep the old ones. Names that no file has keep their values.
     *
     * <p>The files are mapped and used in place, as when a model is loaded. Old values are released
     * when no run and no output uses them any more. Updates wait for one another.
     *
     * @param files weight files as in {@link ModelOptions#weights}, at least one; names that the
     *     model does not have are refused, unless it was loaded with {@link
     *     ModelOptions#allowUnknownWeights}
     * @throws PackageException if a file is not sound
     * @throws IncompatibleModelException listing what does not fit the model and what is unknown
     * @throws MemoryLimitException if copies need more than {@link ModelOptions#memoryLimit} allows
     * @throws IllegalArgumentException if there is no file
     * @throws NativeException if the model refuses or its folding fails
     * @throws IllegalStateException if the model is closed, or an operator calls this in a run of
     *     the model, for whose end the update would wait
     */
    public void update(Path... files) {
        List<Path> all = List.of(requireNonNull(files, "files"));
        if (all.isEmpty()) {
            throw new IllegalArgumentException("an update needs at least one weight file");
        }
        update(() -> ConstantSource.of(WeightsLoader.open(all)));
    }

    /**
     * Replaces constants by tensors of the caller while the model runs; otherwise the same as
     * {@link #update(Path...)}: all of them or none, and constants that are not named keep their
     * values.
     *
     * <p>The elements are copied before this returns, so that the tensors' arenas may be closed
     * then. Weights that need not be copied are in files.
     *
     * @param tensors by the names of {@link #list()}, at least one, on the CPU, of any strides,
     *     read-only or not
     * @throws IncompatibleModelException listing what does not fit the model and what is unknown
     * @throws MemoryLimitException if copies need more than {@link ModelOptions#memoryLimit} allows
     * @throws InvalidInputException if a tensor is on a device: bring it to the CPU first
     * @throws IllegalArgumentException if there is no tensor
     * @throws NativeException if the model refuses or its folding fails
     * @throws IllegalStateException if the model or a tensor's arena is closed, or an operator
     *     calls this in a run of the model, for whose end the update would wait
     * @throws WrongThreadException if a tensor's arena is confined to another thread
     */
    public void update(Map<String, Tensor> tensors) {
        Map<String, StoredTensor> given = new LinkedHashMap<>();
        requireNonNull(tensors, "tensors")
                .forEach((name, tensor) -> given.put(name, stored(name, tensor)));
        if (given.isEmpty()) {
            throw new IllegalArgumentException("an update needs at least one tensor");
        }
        update(() -> List.of(ConstantSource.of(given)));
    }

    /**
     * Returns how many updates have replaced constants since the model was loaded.
     *
     * @return 0 for a model that has just been loaded; also after the model has been closed
     */
    public long version() {
        return model.constants().version();
    }

    private static StoredTensor stored(String name, Tensor given) {
        requireNonNull(name, "a name of a tensor");
        TensorView tensor = requireNonNull(given, name).view();
        tensor.requireReadable();
        if (!tensor.segment().scope().isAlive()) {
            throw new IllegalStateException(
                    "the arena of \"%s\", %s, is closed".formatted(name, tensor));
        }
        return new StoredTensor(
                name,
                tensor.dtype(),
                tensor.shape(),
                tensor.strides(),
                tensor.segment(),
                "given by the caller");
    }

    private void update(Supplier<List<ConstantSource>> sources) {
        if (model.gate().isInRun()) {
            throw new IllegalStateException(
                    "constants cannot be replaced by an operator in a run of their model, for whose"
                            + " end the update would wait");
        }
        StackGuard.requireForLoad();
        try (var _ = model.acquire()) {
            model.constants().update(sources.get());
        }
    }
}
