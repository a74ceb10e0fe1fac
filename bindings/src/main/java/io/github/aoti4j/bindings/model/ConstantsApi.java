package io.github.aoti4j.bindings.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.model.AOTInductorConstantMapEntry;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerFreeInactiveConstantBuffer_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerRunConstantFolding_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerSwapConstantBuffer_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelUpdateConstantsFromBlob_fn;
import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The functions of a compiled model that concern its constants. A failure is a {@link
 * NativeException} with the model's own message.
 *
 * <p>A container has two buffers of constants: runs use the active one; the inactive one may be
 * written meanwhile, and {@link #swap} exchanges them. None of this takes enough locks of its own:
 * calls that write must not overlap one another, and {@link #swap} must not overlap a run through
 * the single-threaded entry point.
 */
public final class ConstantsApi {
    private static final String EXTRACT = "AOTInductorModelContainerExtractConstantsMapEntries";

    static final String COUNT = "AOTInductorModelContainerGetNumConstants";
    static final String NAME = "AOTInductorModelContainerGetConstantName";
    static final String FQN = "AOTInductorModelContainerGetConstantOriginalFQN";
    static final String FOLDED = "AOTInductorModelContainerGetConstantFromFolded";
    static final String TYPE = "AOTInductorModelContainerGetConstantType";
    static final String DTYPE = "AOTInductorModelContainerGetConstantDtype";
    static final String DATA_SIZE = "AOTInductorModelContainerGetConstantDataSize";
    private static final String SHARE =
            "AOTInductorModelContainerUpdateUserManagedConstantBufferPairs";
    private static final String COPY = "AOTInductorModelContainerUpdateConstantBufferPairs";
    private static final String COPY_FROM_CPU =
            "AOTInductorModelContainerUpdateConstantBufferFromCpuPairs";
    private static final String FROM_BLOB = "AOTInductorModelUpdateConstantsFromBlob";
    private static final String FOLD = "AOTInductorModelContainerRunConstantFolding";
    private static final String SWAP = "AOTInductorModelContainerSwapConstantBuffer";
    private static final String FREE = "AOTInductorModelContainerFreeInactiveConstantBuffer";

    /** What {@link #attached} and {@link #share} need; every model since PyTorch 2.13 has them. */
    public static final List<String> SHARING = List.of(EXTRACT, SHARE);

    private final ModelApi model;
    private final NativeLibrary library;

    ConstantsApi(ModelApi model, NativeLibrary library) {
        this.model = model;
        this.library = library;
    }

    /**
     * A constant as the container describes it.
     *
     * @param type {@code torch::aot_inductor::ConstantType}: 0 unknown, 1 parameter, 2 buffer, 3
     *     tensor constant, 4 folded
     * @param dataSize bytes in the weights as packaged
     * @param fromFolded whether constant folding computes it, so that no weights are needed for it
     */
    public record Constant(
            String name, String fqn, int dtype, int type, long dataSize, boolean fromFolded) {}

    /** Lists the constants by their index. */
    public List<Constant> list(MemorySegment container) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            long count = model.count(COUNT, container, slot);
            // Looked up once, not once per constant.
            MemorySegment name = library.address(NAME);
            MemorySegment fqn = library.address(FQN);
            MemorySegment dtype = library.address(DTYPE);
            MemorySegment type = library.address(TYPE);
            MemorySegment size = library.address(DATA_SIZE);
            MemorySegment folded = library.address(FOLDED);
            List<Constant> constants = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                constants.add(
                        new Constant(
                                ModelApi.string(model.item(NAME, name, container, i, slot)),
                                ModelApi.string(model.item(FQN, fqn, container, i, slot)),
                                model.item(DTYPE, dtype, container, i, slot).get(JAVA_INT, 0),
                                model.item(TYPE, type, container, i, slot).get(JAVA_INT, 0),
                                model.item(DATA_SIZE, size, container, i, slot).get(JAVA_LONG, 0),
                                model.item(FOLDED, folded, container, i, slot).get(JAVA_BYTE, 0)
                                        != 0));
            }
            return constants;
        }
    }

    /**
     * Returns whether {@link #attached} can be asked; false for models compiled before PyTorch
     * 2.13.
     */
    public boolean canTellAttached() {
        return library.has(EXTRACT);
    }

    /**
     * Returns what is in the active buffer, folded constants left out: tensor handles by FQN; they
     * are the container's, valid until the buffer is written or freed.
     */
    public Map<String, MemorySegment> attached(MemorySegment container) {
        return attached(container, false);
    }

    /**
     * Returns what is in one of the buffers, folded constants left out, as {@link
     * #attached(MemorySegment)}.
     */
    public synchronized Map<String, MemorySegment> attached(
            MemorySegment container, boolean inactive) {
        // Synchronized, since the answer lies in the container and the next one overwrites it.
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(ADDRESS);
            MemorySegment count = arena.allocate(JAVA_LONG);
            model.check(
                    IntegerCall.call(
                            library.address(EXTRACT),
                            container.address(),
                            entries.address(),
                            count.address(),
                            inactive ? 1 : 0),
                    EXTRACT);
            Map<String, MemorySegment> attached = new LinkedHashMap<>();
            long n = count.get(JAVA_LONG, 0);
            MemorySegment array =
                    MemorySegment.ofAddress(entries.get(JAVA_LONG, 0))
                            .reinterpret(n * AOTInductorConstantMapEntry.sizeof());
            for (long i = 0; i < n; i++) {
                MemorySegment entry = AOTInductorConstantMapEntry.asSlice(array, i);
                // Not by the generated getters: see pairs.
                attached.put(
                        ModelApi.text(
                                entry.get(JAVA_LONG, AOTInductorConstantMapEntry.name$offset())),
                        MemorySegment.ofAddress(
                                entry.get(JAVA_LONG, AOTInductorConstantMapEntry.handle$offset())));
            }
            return attached;
        }
    }

    /**
     * Makes the container use tensors, by internal name, in place. They stay the caller's, and must
     * outlive the buffer and every output that aliases them.
     */
    public void share(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        update(SHARE, container, handles, inactive);
    }

    /** Copies tensors, by internal name, into memory of the container's own. */
    public void copy(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        update(COPY, container, handles, inactive);
    }

    /**
     * Copies tensors of the CPU, by internal name, into memory of the container's own on its
     * device.
     */
    public void copyFromCpu(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        update(COPY_FROM_CPU, container, handles, inactive);
    }

    /**
     * Copies a blob of weights, each padded to 64 bytes, into memory of the container's own: once,
     * on a new container, for packages compiled with an external blob. A second call would leave
     * stale pointers.
     */
    public void copyFromBlob(MemorySegment container, MemorySegment blob) {
        model.check(
                AOTInductorModelUpdateConstantsFromBlob_fn.invoke(
                        require(FROM_BLOB), container, blob),
                FROM_BLOB);
    }

    /**
     * Computes the folded constants of a buffer. Needs one of the container's model instances that
     * no run is using.
     */
    public void fold(MemorySegment container, boolean inactive, MemorySegment proxyExecutor) {
        model.check(
                AOTInductorModelContainerRunConstantFolding_fn.invoke(
                        require(FOLD), container, inactive, MemorySegment.NULL, proxyExecutor),
                FOLD);
    }

    /** Exchanges the two buffers. No run may be in flight. */
    public void swap(MemorySegment container) {
        model.check(
                AOTInductorModelContainerSwapConstantBuffer_fn.invoke(require(SWAP), container),
                SWAP);
    }

    /** Frees what the container itself owns of the inactive buffer. */
    public void freeInactive(MemorySegment container) {
        model.check(
                AOTInductorModelContainerFreeInactiveConstantBuffer_fn.invoke(
                        require(FREE), container),
                FREE);
    }

    /** Calls one of three functions of one shape. */
    private void update(
            String function,
            MemorySegment container,
            Map<String, MemorySegment> handles,
            boolean inactive) {
        try (Arena arena = Arena.ofConfined()) {
            model.check(
                    // The last is whether to check that all constants are there.
                    IntegerCall.call(
                            require(function),
                            container.address(),
                            pairs(handles, arena).address(),
                            handles.size(),
                            inactive ? 1 : 0,
                            0,
                            0),
                    function);
        }
    }

    private MemorySegment require(String function) {
        return library.find(function)
                .orElseThrow(
                        () ->
                                new IncompatibleModelException(
                                        "%s does not have %s: export the model again with a newer PyTorch"
                                                .formatted(library, function)));
    }

    private static MemorySegment pairs(Map<String, MemorySegment> handles, Arena arena) {
        MemorySegment array =
                AOTInductorConstantMapEntry.allocateArray(Math.max(handles.size(), 1), arena);
        long i = 0;
        for (Map.Entry<String, MemorySegment> pair : handles.entrySet()) {
            MemorySegment entry = AOTInductorConstantMapEntry.asSlice(array, i++);
            // Not by the generated setters, whose handles take a JVM's first load milliseconds.
            entry.set(
                    JAVA_LONG,
                    AOTInductorConstantMapEntry.name$offset(),
                    arena.allocateFrom(pair.getKey()).address());
            entry.set(
                    JAVA_LONG,
                    AOTInductorConstantMapEntry.handle$offset(),
                    pair.getValue().address());
        }
        return array;
    }
}
