package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.constants.ConstantMatcher.Match;
import io.github.aoti4j.internal.constants.WeightsBudget.Room;
import io.github.aoti4j.internal.cuda.DeviceMemory;
import io.github.aoti4j.internal.cuda.Upload;
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
    /** More than the 64 bytes of PyTorch's own; what kernels read at once does not cross it. */
    private static final long DEVICE_ALIGNMENT = 256;

    private final String model;
    private final TensorApi tensors;
    private final boolean allowUnknown;

    /** Brings constants to the model's device; null for a model on the CPU. */
    private final Upload upload;

    /** Counts copies. */
    private final WeightsBudget memory;

    ConstantBinder(
            String model,
            TensorApi tensors,
            boolean allowUnknown,
            Upload upload,
            WeightsBudget memory) {
        this.model = model;
        this.tensors = tensors;
        this.allowUnknown = allowUnknown;
        this.upload = upload;
        this.memory = memory;
    }

    /**
     * Binds what the sources have. Closes them unless the result uses them; each constant in the
     * result has a use of its backing.
     *
     * @param needs the constants, with the strides that the code expects, where they are known
     * @param present the FQNs of what need not be given
     * @param named how many sources, the first ones, the caller has named
     * @param toDevice whether the device's constants are brought there
     * @return by FQN
     * @throws IncompatibleModelException listing what is missing, unknown or does not fit
     * @throws MemoryLimitException if copies of them would be beyond the limit
     */
    Map<String, BoundConstant> bind(
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
            List<Match> others = new ArrayList<>();
            for (Match match : matches.values()) {
                boolean here = !toDevice || upload == null || !match.need().onDevice();
                (here ? others : forDevice).add(match);
            }
            long copies = 0;
            for (Match match : matches.values()) {
                copies += isUsedInPlace(match) ? 0 : match.bytes();
            }
            try (Room room = memory.room(copies)) {
                for (Match match : others) {
                    bound.put(match.need().fqn(), bind(match, backings.get(match.source()), room));
                }
                if (!forDevice.isEmpty()) {
                    bindOnDevice(forDevice, bound);
                }
            }
            return bound;
        } catch (Throwable e) {
            Closeables.closeAfter(e, bound.values());
            throw e;
        }
    }

    private static boolean isUsedInPlace(Match match) {
        return match.liesAsExpected() && isAligned(match.tensor());
    }

    private BoundConstant bind(Match match, RefCounted<ConstantSource> backing, Room room) {
        StoredTensor tensor = match.tensor();
        long[] strides = match.strides();
        if (isUsedInPlace(match)) {
            return BoundConstant.of(
                    tensors,
                    tensor,
                    Device.CPU,
                    tensor.segment(),
                    strides,
                    backing.retain(),
                    tensor.location(),
                    match.bytes());
        }
        Arena arena = Arena.ofShared();
        MemorySegment copy;
        try {
            copy = match.copyTo(arena);
        } catch (Throwable e) {
            Closeables.closeAfter(e, arena);
            throw e;
        }
        String location = tensor.location() + (match.borrowed() ? "" : ", copied for its layout");
        return BoundConstant.of(
                tensors,
                tensor,
                Device.CPU,
                copy,
                strides,
                new RefCounted<>(owned(arena, room.handOn(match.bytes()))),
                location,
                0);
    }

    private static AutoCloseable owned(Arena arena, AutoCloseable counted) {
        return () -> Closeables.closeAll(arena, counted);
    }

    /** The code reads whole elements. */
    private static boolean isAligned(StoredTensor tensor) {
        int part = tensor.dtype().byteSize() / (tensor.dtype().isComplex() ? 2 : 1);
        return tensor.segment().address() % part == 0;
    }

    /** Lays all out in one block of the device's memory, which goes with the last of them. */
    private void bindOnDevice(List<Match> matches, Map<String, BoundConstant> bound) {
        long[] offsets = new long[matches.size()];
        long total = 0;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = total;
            long blocks = (matches.get(i).bytes() + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT;
            total = Math.addExact(total, blocks * DEVICE_ALIGNMENT);
        }
        long bytes = Math.max(total, DEVICE_ALIGNMENT);
        var block = new RefCounted<>(DeviceMemory.allocate(upload.gpu(), bytes));
        MemorySegment target = block.value().segment();
        try (Cleanup _ = block::release;
                Arena copies = Arena.ofShared()) {
            List<Upload.Piece> pieces = new ArrayList<>();
            for (int i = 0; i < offsets.length; i++) {
                Match match = matches.get(i);
                MemorySegment values =
                        match.liesAsExpected() ? match.tensor().segment() : match.copyTo(copies);
                if (values.byteSize() > 0) {
                    pieces.add(new Upload.Piece(values, offsets[i]));
                }
            }
            upload.copy(target, pieces, "copying weights to " + upload.gpu());
            for (int i = 0; i < offsets.length; i++) {
                Match match = matches.get(i);
                bound.put(
                        match.need().fqn(),
                        BoundConstant.of(
                                tensors,
                                match.tensor(),
                                upload.gpu().device(),
                                MemorySegment.ofAddress(target.address() + offsets[i]),
                                match.strides(),
                                block.retain(),
                                upload.gpu() + ", from " + match.tensor().location(),
                                0));
            }
        }
    }
}
