package io.github.aoti4j.internal.constants;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.constants.ConstantMatcher.Match;
import io.github.aoti4j.internal.cuda.DeviceMemory;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Brings constants to a device, all of one set into one piece of its memory, which goes with the
 * last of them.
 */
public final class DeviceConstants {
    /** More than the 64 bytes of PyTorch's own; what kernels read at once does not cross it. */
    private static final long ALIGNMENT = 256;

    private final Upload upload;

    public DeviceConstants(Upload upload) {
        this.upload = upload;
    }

    /**
     * Copies, waits, and makes a handle of each.
     *
     * @param matches constants that are to lie on the device, with their values on the CPU
     * @param bound gets them by FQN, also if this fails half-way
     * @throws NativeException if there is not so much memory, or CUDA fails
     */
    public void bind(List<Match> matches, Map<String, BoundConstant> bound) {
        long[] offsets = new long[matches.size()];
        long total = 0;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = total;
            long bytes = bytes(matches.get(i));
            total = Math.addExact(total, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        }
        DeviceMemory memory = DeviceMemory.allocate(upload.gpu(), Math.max(total, ALIGNMENT));
        RefCounted<DeviceMemory> shared = new RefCounted<>(memory);
        try (Cleanup _ = shared::release;
                Arena relaid = Arena.ofShared()) {
            List<Upload.Piece> pieces = new ArrayList<>();
            for (int i = 0; i < offsets.length; i++) {
                MemorySegment source = source(matches.get(i), relaid);
                if (source.byteSize() > 0) {
                    pieces.add(new Upload.Piece(source, offsets[i]));
                }
            }
            upload.copy(memory.segment(), pieces, "copying weights to " + upload.gpu());
            for (int i = 0; i < offsets.length; i++) {
                Match match = matches.get(i);
                long address = memory.segment().address() + offsets[i];
                bound.put(match.need().fqn(), handle(match, address, shared));
            }
        }
    }

    private BoundConstant handle(Match match, long address, RefCounted<DeviceMemory> shared) {
        StoredTensor tensor = match.tensor();
        RefCounted<DeviceMemory> use = shared.retain();
        try {
            return BoundConstant.onDevice(
                    upload.gpu().device(),
                    MemorySegment.ofAddress(address),
                    tensor.dtype(),
                    tensor.shape(),
                    strides(match),
                    use,
                    upload.gpu() + ", from " + tensor.location());
        } catch (Throwable e) {
            Closeables.closeAfter(e, use::release);
            throw e;
        }
    }

    private static long bytes(Match match) {
        StoredTensor tensor = match.tensor();
        return Shapes.spanBytes(tensor.shape(), strides(match), tensor.dtype().byteSize());
    }

    /** The strides that the code was compiled for. */
    private static long[] strides(Match match) {
        long[] strides = match.need().strides();
        return strides == null ? Shapes.contiguousStrides(match.tensor().shape()) : strides;
    }

    /** The values laid out for the code, where they lie if they are. */
    private static MemorySegment source(Match match, Arena arena) {
        StoredTensor tensor = match.tensor();
        long[] strides = strides(match);
        // The threads that fill the buffers may not be allowed to read memory of the caller.
        if (!match.borrowed() && Shapes.sameLayout(tensor.shape(), tensor.strides(), strides)) {
            return tensor.segment();
        }
        MemorySegment copy = arena.allocate(bytes(match), 64);
        StridedCopy.copy(
                tensor.segment(),
                tensor.shape(),
                tensor.strides(),
                tensor.dtype().byteSize(),
                copy,
                strides);
        return copy;
    }
}
