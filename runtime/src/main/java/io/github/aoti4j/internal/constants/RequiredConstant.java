package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.weights.BlobTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A constant that a container has to be given, or brings itself.
 *
 * @param index its index, if the source lists it; else -1
 * @param dtype the element type; empty if it is one that is not known here
 * @param type 0 unknown, 1 parameter, 2 buffer, 3 tensor constant
 * @param dataSize bytes in the weights as packaged
 * @param onDevice whether a model on a device has it there, and not on the CPU
 * @param packed whether it lies in a library's own layout, and not as ordinary memory
 * @param shape the sizes that the code expects; null if they are not known
 * @param strides the strides that the code expects; null if they are not known
 * @param inBlob the constant as a part of a blob; empty if the source leaves something out
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RequiredConstant(
        int index,
        String name,
        String fqn,
        Optional<DType> dtype,
        int type,
        long dataSize,
        boolean onDevice,
        boolean packed,
        long[] shape,
        long[] strides,
        Optional<BlobTensor> inBlob) {
    /**
     * Joins what container and source say of the constants that folding does not compute.
     *
     * @param constants by index
     * @param specs what the source says, if there is one
     */
    static List<RequiredConstant> of(
            List<ConstantsApi.Constant> constants, List<ConstantSpec> specs) {
        Map<Integer, ConstantSpec> byIndex = new HashMap<>();
        for (ConstantSpec spec : specs) {
            byIndex.put(spec.index(), spec);
        }
        List<RequiredConstant> needs = new ArrayList<>();
        for (int i = 0; i < constants.size(); i++) {
            ConstantsApi.Constant constant = constants.get(i);
            if (!constant.fromFolded()) {
                ConstantSpec spec = byIndex.get(i);
                boolean same = spec != null && spec.name().equals(constant.name());
                needs.add(of(i, constant, same ? spec : null));
            }
        }
        return needs;
    }

    /** The spec may be null. */
    private static RequiredConstant of(
            int index, ConstantsApi.Constant constant, ConstantSpec spec) {
        boolean packed = spec != null && !spec.layout().orElse("strided").equals("strided");
        return new RequiredConstant(
                spec == null ? -1 : index,
                constant.name(),
                constant.fqn(),
                DType.ofCode(constant.dtype()),
                constant.type(),
                constant.dataSize(),
                spec == null || !spec.deviceType().orElse("").equals("cpu"),
                packed,
                spec == null ? null : array(spec.shape()),
                spec == null ? null : array(spec.strides()),
                packed || spec == null ? Optional.empty() : spec.inBlob());
    }

    private static long[] array(Optional<List<Long>> values) {
        return values.isPresent() ? ConstantSpec.array(values.get()) : null;
    }

    /** Adds layouts that the source does not state: those of the tensors that the container has. */
    static List<RequiredConstant> laidOut(
            TensorApi tensors,
            List<RequiredConstant> needs,
            Supplier<Map<String, MemorySegment>> attached) {
        boolean complete = true;
        for (RequiredConstant need : needs) {
            complete &= need.isLaidOut();
        }
        if (complete) {
            return needs;
        }
        Map<String, MemorySegment> handles = attached.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scratch = arena.allocate(ValueLayout.JAVA_LONG);
            return needs.stream()
                    .map(need -> need.laidOutAs(tensors, handles.get(need.fqn), scratch.address()))
                    .toList();
        }
    }

    private RequiredConstant laidOutAs(TensorApi tensors, MemorySegment segment, long scratch) {
        if (isLaidOut() || segment == null || segment.address() == 0) {
            return this;
        }
        long handle = segment.address();
        if (!tensors.isStrided(handle, scratch)) {
            return with(true, null, null);
        }
        int rank = Math.toIntExact(tensors.rank(handle, scratch));
        return with(
                false,
                RawMemory.longs(tensors.sizes(handle, scratch), rank),
                RawMemory.longs(tensors.strides(handle, scratch), rank));
    }

    /** Returns the same constant in a layout that the source does not state. */
    RequiredConstant with(boolean isPacked, long[] sizes, long[] steps) {
        return new RequiredConstant(
                index, name, fqn, dtype, type, dataSize, onDevice, isPacked, sizes, steps, inBlob);
    }

    /** Returns whether it is known how the code expects the elements in memory. */
    boolean isLaidOut() {
        return packed || (shape != null && strides != null);
    }
}
