package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.constants.ConstantMatcher.Match;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Makes tensor handles over the values that sources have for a model's constants. */
final class ConstantBinder {
    private final String model;
    private final boolean allowUnknown;

    /** Brings constants to the model's device; null for a model on the CPU. */
    private final Upload upload;

    public ConstantBinder(String model, boolean allowUnknown, Upload upload) {
        this.model = model;
        this.allowUnknown = allowUnknown;
        this.upload = upload;
    }

    /**
     * Binds what the sources have. Closes them unless the result uses them; each constant in the
     * result has a use of its backing.
     *
     * @param needs the constants, with the strides that the code expects, where they are known
     * @param present the FQNs of what need not be given
     * @param named how many sources, the first ones, the caller has named
     * @param toDevice whether the device's constants are brought there
     * @throws IncompatibleModelException listing what is missing, unknown or does not fit
     */
    public Map<String, BoundConstant> bind(
            List<ConstantSource> sources,
            Supplier<List<RequiredConstant>> needs,
            Supplier<Set<String>> present,
            int named,
            boolean toDevice) {
        List<RefCounted<ConstantSource>> backings = sources.stream().map(RefCounted::new).toList();
        List<Cleanup> ends = backings.stream().<Cleanup>map(each -> each::release).toList();
        Map<String, BoundConstant> bound = new LinkedHashMap<>();
        try (Cleanup _ = () -> Closeables.closeAll(ends)) {
            Map<String, Match> matches =
                    new ConstantMatcher(model, needs.get(), allowUnknown)
                            .match(sources, present, named);
            List<Match> forDevice = new ArrayList<>();
            for (Match match : matches.values()) {
                if (toDevice && upload != null && match.need().isOnDevice()) {
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
            Closeables.closeAfter(e, bound.values());
            throw e;
        }
    }

    private static BoundConstant bind(Match match, RefCounted<ConstantSource> backing) {
        StoredTensor tensor = match.tensor();
        long[] strides = match.need().strides();
        if (strides == null) {
            strides = Shapes.contiguousStrides(tensor.shape());
        }
        boolean fits =
                Shapes.sameLayout(tensor.shape(), tensor.strides(), strides) && isAligned(tensor);
        // The code was compiled for certain strides, and reads whole elements; memory of the
        // caller may end before the model does.
        return fits && !match.borrowed()
                ? bound(tensor, tensor.segment(), strides, backing.retain(), tensor.location())
                : copied(match, strides);
    }

    private static BoundConstant copied(Match match, long[] strides) {
        StoredTensor tensor = match.tensor();
        int elementBytes = tensor.dtype().byteSize();
        String location = tensor.location() + (match.borrowed() ? "" : ", copied for its layout");
        Arena arena = Arena.ofShared();
        MemorySegment memory;
        try {
            memory = arena.allocate(Shapes.spanBytes(tensor.shape(), strides, elementBytes), 64);
            StridedCopy.copy(
                    tensor.segment(),
                    tensor.shape(),
                    tensor.strides(),
                    elementBytes,
                    memory,
                    strides);
        } catch (Throwable e) {
            Closeables.closeAfter(e, arena);
            throw e;
        }
        return bound(tensor, memory, strides, new RefCounted<>(arena), location);
    }

    private static BoundConstant bound(
            StoredTensor tensor,
            MemorySegment memory,
            long[] strides,
            RefCounted<?> backing,
            String location) {
        try {
            return BoundConstant.of(
                    memory, tensor.dtype(), tensor.shape(), strides, backing, location);
        } catch (Throwable e) {
            Closeables.closeAfter(e, backing::release);
            throw e;
        }
    }

    private static boolean isAligned(StoredTensor tensor) {
        int part = tensor.dtype().byteSize() / (tensor.dtype().isComplex() ? 2 : 1);
        return tensor.segment().address() % part == 0;
    }
}
