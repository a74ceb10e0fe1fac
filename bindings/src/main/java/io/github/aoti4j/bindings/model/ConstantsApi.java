package io.github.aoti4j.bindings.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.model.AOTInductorConstantMapEntry;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerExtractConstantsMapEntries_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerFreeInactiveConstantBuffer_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantDataSize_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantDtype_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantFromFolded_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantName_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantOriginalFQN_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetConstantType_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetNumConstants_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerRunConstantFolding_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerSwapConstantBuffer_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerUpdateConstantBufferFromCpuPairs_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerUpdateConstantBufferPairs_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerUpdateUserManagedConstantBufferPairs_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelUpdateConstantsFromBlob_fn;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    private static final String COUNT = "AOTInductorModelContainerGetNumConstants";
    private static final String NAME = "AOTInductorModelContainerGetConstantName";
    private static final String FQN = "AOTInductorModelContainerGetConstantOriginalFQN";
    private static final String FOLDED = "AOTInductorModelContainerGetConstantFromFolded";
    private static final String TYPE = "AOTInductorModelContainerGetConstantType";
    private static final String DTYPE = "AOTInductorModelContainerGetConstantDtype";
    private static final String DATA_SIZE = "AOTInductorModelContainerGetConstantDataSize";
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

    /** What {@link #list} needs; every model since PyTorch 2.8 has them. */
    static final List<String> REQUIRED = List.of(COUNT, NAME, FQN, FOLDED, TYPE, DTYPE, DATA_SIZE);

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
     * @param fromFolded whether constant folding computes it, so that nobody brings it
     */
    public record Constant(
            String name, String fqn, int dtype, int type, long dataSize, boolean fromFolded) {}

    /** Lists the constants, by their index. */
    public List<Constant> list(MemorySegment container) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            model.check(
                    AOTInductorModelContainerGetNumConstants_fn.invoke(
                            library.address(COUNT), container, slot),
                    COUNT);
            long count = slot.get(JAVA_LONG, 0);
            // Looked up once, not once per constant.
            MemorySegment name = library.address(NAME);
            MemorySegment fqn = library.address(FQN);
            MemorySegment dtype = library.address(DTYPE);
            MemorySegment type = library.address(TYPE);
            MemorySegment size = library.address(DATA_SIZE);
            MemorySegment folded = library.address(FOLDED);
            List<Constant> constants = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                model.check(
                        AOTInductorModelContainerGetConstantName_fn.invoke(
                                name, container, i, slot),
                        NAME);
                String internal = ModelApi.string(slot);
                model.check(
                        AOTInductorModelContainerGetConstantOriginalFQN_fn.invoke(
                                fqn, container, i, slot),
                        FQN);
                String original = ModelApi.string(slot);
                model.check(
                        AOTInductorModelContainerGetConstantDtype_fn.invoke(
                                dtype, container, i, slot),
                        DTYPE);
                int code = slot.get(JAVA_INT, 0);
                model.check(
                        AOTInductorModelContainerGetConstantType_fn.invoke(
                                type, container, i, slot),
                        TYPE);
                int kind = slot.get(JAVA_INT, 0);
                model.check(
                        AOTInductorModelContainerGetConstantDataSize_fn.invoke(
                                size, container, i, slot),
                        DATA_SIZE);
                long bytes = slot.get(JAVA_LONG, 0);
                model.check(
                        AOTInductorModelContainerGetConstantFromFolded_fn.invoke(
                                folded, container, i, slot),
                        FOLDED);
                boolean computed = slot.get(JAVA_BYTE, 0) != 0;
                constants.add(new Constant(internal, original, code, kind, bytes, computed));
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
                    AOTInductorModelContainerExtractConstantsMapEntries_fn.invoke(
                            library.address(EXTRACT), container, entries, count, inactive),
                    EXTRACT);
            Map<String, MemorySegment> attached = new LinkedHashMap<>();
            long n = count.get(JAVA_LONG, 0);
            MemorySegment array =
                    entries.get(ADDRESS, 0).reinterpret(n * AOTInductorConstantMapEntry.sizeof());
            for (long i = 0; i < n; i++) {
                MemorySegment entry = AOTInductorConstantMapEntry.asSlice(array, i);
                attached.put(
                        AOTInductorConstantMapEntry.name(entry)
                                .reinterpret(Long.MAX_VALUE)
                                .getString(0),
                        AOTInductorConstantMapEntry.handle(entry));
            }
            return attached;
        }
    }

    /**
     * Makes the container use tensors in place. They stay the caller's, and must outlive the buffer
     * and every output that aliases them.
     *
     * @param handles tensor handles by internal name
     * @param inactive whether to write the inactive buffer
     */
    public void share(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        try (Arena arena = Arena.ofConfined()) {
            model.check(
                    AOTInductorModelContainerUpdateUserManagedConstantBufferPairs_fn.invoke(
                            require(SHARE),
                            container,
                            pairs(handles, arena),
                            handles.size(),
                            inactive,
                            false),
                    SHARE);
        }
    }

    /**
     * Copies tensors into memory of the container's own.
     *
     * @param handles tensor handles by internal name; not used after the call
     * @param inactive whether to write the inactive buffer
     */
    public void copy(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        try (Arena arena = Arena.ofConfined()) {
            model.check(
                    AOTInductorModelContainerUpdateConstantBufferPairs_fn.invoke(
                            require(COPY),
                            container,
                            pairs(handles, arena),
                            handles.size(),
                            inactive,
                            false),
                    COPY);
        }
    }

    /**
     * Copies tensors of the CPU into memory of the container's own on its device.
     *
     * @param handles tensor handles by internal name; not used after the call
     * @param inactive whether to write the inactive buffer
     */
    public void copyFromCpu(
            MemorySegment container, Map<String, MemorySegment> handles, boolean inactive) {
        try (Arena arena = Arena.ofConfined()) {
            model.check(
                    AOTInductorModelContainerUpdateConstantBufferFromCpuPairs_fn.invoke(
                            require(COPY_FROM_CPU),
                            container,
                            pairs(handles, arena),
                            handles.size(),
                            inactive,
                            false),
                    COPY_FROM_CPU);
        }
    }

    /**
     * Copies a blob of weights into memory of the container's own: once, on a fresh container, for
     * packages compiled with an external blob. A second call would leave stale pointers.
     *
     * @param blob all constants in order, each padded to 64 bytes; not used after the call
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
     *
     * @param proxyExecutor as for {@link ModelApi#run}
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

    private MemorySegment require(String function) {
        Optional<MemorySegment> found = library.find(function);
        if (found.isEmpty()) {
            throw new IncompatibleModelException(
                    "%s does not have %s: export the model again with a newer PyTorch"
                            .formatted(library, function));
        }
        return found.get();
    }

    private static MemorySegment pairs(Map<String, MemorySegment> handles, Arena arena) {
        MemorySegment array =
                AOTInductorConstantMapEntry.allocateArray(Math.max(handles.size(), 1), arena);
        long i = 0;
        for (Map.Entry<String, MemorySegment> pair : handles.entrySet()) {
            MemorySegment entry = AOTInductorConstantMapEntry.asSlice(array, i++);
            // Not by the generated setters, whose handles take a JVM's first load milliseconds.
            entry.set(
                    ADDRESS,
                    AOTInductorConstantMapEntry.name$offset(),
                    arena.allocateFrom(pair.getKey()));
            entry.set(ADDRESS, AOTInductorConstantMapEntry.handle$offset(), pair.getValue());
        }
        return array;
    }
}
