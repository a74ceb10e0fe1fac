package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.wrapper.ConstantBuilder;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.weights.BlobTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A constant that a container has to be given, or brings itself.
 *
 * @param dtype the element type; empty if it is one that is not known here
 * @param type 0 unknown, 1 parameter, 2 buffer, 3 tensor constant
 * @param dataSize bytes in the weights as packaged
 * @param spec what the source says of it; empty if the package holds none
 */
public record RequiredConstant(
        String name,
        String fqn,
        Optional<DType> dtype,
        int type,
        long dataSize,
        Optional<ConstantSpec> spec) {

    static final String STRIDED = "strided";

    /**
     * Joins what container and source say.
     *
     * @param constants by index
     * @param specs what the source says, if there is one
     * @return those that folding does not compute, by index
     */
    public static List<RequiredConstant> of(
            List<ConstantsApi.Constant> constants, List<ConstantSpec> specs) {
        Map<Integer, ConstantSpec> byIndex = new HashMap<>();
        for (ConstantSpec spec : specs) {
            byIndex.put(spec.index(), spec);
        }
        List<RequiredConstant> needs = new ArrayList<>();
        for (int i = 0; i < constants.size(); i++) {
            ConstantsApi.Constant c = constants.get(i);
            if (!c.fromFolded()) {
                ConstantSpec spec = byIndex.get(i);
                needs.add(
                        new RequiredConstant(
                                c.name(),
                                c.fqn(),
                                DType.ofCode(c.dtype()),
                                c.type(),
                                c.dataSize(),
                                spec != null && spec.name().equals(c.name())
                                        ? Optional.of(spec)
                                        : Optional.empty()));
            }
        }
        return needs;
    }

    /** Adds layouts that the source does not state: those of the tensors that the container has. */
    public static List<RequiredConstant> laidOut(
            List<RequiredConstant> needs, Supplier<Map<String, MemorySegment>> attached) {
        if (needs.stream().allMatch(RequiredConstant::isLaidOut)) {
            return needs;
        }
        Map<String, MemorySegment> handles = attached.get();
        List<RequiredConstant> known = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scratch = arena.allocate(ValueLayout.JAVA_LONG);
            for (RequiredConstant need : needs) {
                MemorySegment handle = handles.get(need.fqn());
                known.add(
                        need.isLaidOut() || handle == null || handle.address() == 0
                                ? need
                                : need.as(handle, scratch));
            }
        }
        return known;
    }

    private RequiredConstant as(MemorySegment handle, MemorySegment scratch) {
        if (!TorchApi.isStrided(handle, scratch)) {
            return with("packed", null, null);
        }
        int rank = TorchApi.rank(handle, scratch);
        return with(
                STRIDED,
                TorchApi.sizes(handle, rank, scratch),
                TorchApi.strides(handle, rank, scratch));
    }

    /** The same constant in a layout that the source does not state. */
    RequiredConstant with(String layout, long[] shape, long[] strides) {
        ConstantBuilder builder = new ConstantBuilder(-1);
        builder.name = name;
        builder.fqn = fqn;
        builder.dtype = dtype.orElse(null);
        builder.deviceType = spec.flatMap(ConstantSpec::deviceType).orElse(null);
        builder.layout = layout;
        builder.dataSize = dataSize;
        builder.shape = shape == null ? null : Arrays.stream(shape).boxed().toList();
        builder.strides = strides == null ? null : Arrays.stream(strides).boxed().toList();
        return new RequiredConstant(name, fqn, dtype, type, dataSize, Optional.of(builder.build()));
    }

    /** Whether it is known how the code expects the elements in memory. */
    boolean isLaidOut() {
        return !isStrided() || (shape() != null && strides() != null);
    }

    /**
     * Returns whether the source says how the constant lies in a blob; false if there is no source,
     * or it leaves something out.
     */
    public boolean layoutKnown() {
        return isStrided() && spec.isPresent() && spec.get().inBlob().isPresent();
    }

    /** Describes the constant as a part of a blob. */
    public BlobTensor inBlob() {
        return spec.orElseThrow().inBlob().orElseThrow();
    }

    /** The sizes that the source states, or null. */
    long[] shape() {
        return spec.isPresent() && spec.get().shape().isPresent()
                ? ConstantSpec.array(spec.get().shape().get())
                : null;
    }

    /** The strides that the source states, or null. */
    public long[] strides() {
        return spec.isPresent() && spec.get().strides().isPresent()
                ? ConstantSpec.array(spec.get().strides().get())
                : null;
    }

    /** Whether it is ordinary memory, and not in a library's own packed layout. */
    boolean isStrided() {
        return spec.isEmpty() || spec.get().layout().orElse(STRIDED).equals(STRIDED);
    }

    /** Whether a model on a device has it there, and not on the CPU. */
    public boolean isOnDevice() {
        return spec.flatMap(ConstantSpec::deviceType).map(type -> !type.equals("cpu")).orElse(true);
    }
}
