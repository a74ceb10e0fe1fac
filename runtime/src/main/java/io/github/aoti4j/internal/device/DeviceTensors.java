package io.github.aoti4j.internal.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.cuda.Launch;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.internal.tensor.TensorFactory;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Arrays;

/** Memory that CUDA devices use: allocating it, and copying to, from and between devices. */
public final class DeviceTensors {
    private DeviceTensors() {}

    /** Makes a tensor on a device, for its current stream. */
    public static TensorView allocate(
            Arena arena, Gpu gpu, DType dtype, long[] shape, long[] strides) {
        MemoryUses uses = MemoryUses.ofStream(gpu, gpu.currentStream());
        return make(
                arena,
                dtype,
                shape,
                strides,
                gpu.device(),
                uses,
                (sizes, steps, slot) ->
                        TorchCudaApi.emptyStrided(
                                gpu.device().index(),
                                shape.length,
                                sizes,
                                steps,
                                dtype.code(),
                                slot));
    }

    /** Makes a tensor in page-locked memory of the CPU. */
    public static TensorView allocatePinned(
            Arena arena, DType dtype, long[] shape, long[] strides) {
        // Locking pages is the driver's work, which needs some device.
        Gpu _ = Gpu.of(Device.cuda(0));
        return make(
                arena,
                dtype,
                shape,
                strides,
                Device.CPU,
                MemoryUses.ofNoStream(),
                (sizes, steps, slot) ->
                        TorchCudaApi.emptyStridedPinned(
                                shape.length, sizes, steps, dtype.code(), slot));
    }

    /** Makes a native tensor of memory of its own, and leaves its handle in a slot. */
    private interface Allocator {
        void allocate(MemorySegment sizes, MemorySegment strides, MemorySegment slot);
    }

    private static TensorView make(
            Arena arena,
            DType dtype,
            long[] shape,
            long[] strides,
            Device device,
            MemoryUses uses,
            Allocator allocator) {
        requireNonNull(arena, "arena");
        requireNonNull(dtype, "dtype");
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        try (Arena local = Arena.ofConfined()) {
            MemorySegment slot = local.allocate(ADDRESS);
            allocator.allocate(
                    local.allocateFrom(JAVA_LONG, shape),
                    local.allocateFrom(JAVA_LONG, strides),
                    slot);
            MemorySegment handle = slot.get(ADDRESS, 0);
            try {
                long address = TorchApi.dataAddress(handle, slot);
                MemorySegment memory =
                        MemorySegment.ofAddress(address)
                                .reinterpret(
                                        device.isCpu() ? bytes : 0, arena, _ -> free(handle, uses));
                return new TensorView(dtype, shape, strides, memory, device, uses);
            } catch (Throwable e) {
                Closeables.closeAfter(e, () -> TorchApi.deleteTensor(handle));
                throw e;
            }
        }
    }

    private static void free(MemorySegment handle, MemoryUses uses) {
        Closeables.closeAll(uses::close, () -> TorchApi.deleteTensor(handle));
    }

    /** Makes a view of device memory that is there. */
    public static TensorView wrap(
            MemorySegment address, Gpu gpu, DType dtype, long[] shape, long[] strides) {
        if (Shapes.spanBytes(shape, strides, dtype.byteSize()) > 0) {
            CudaApi.Pointer pointer = gpu.api().pointer(address);
            if (!pointer.onDevice() || pointer.device() != gpu.device().index()) {
                throw new InvalidInputException(
                        "0x%x is not memory of %s%s"
                                .formatted(
                                        address.address(),
                                        gpu,
                                        pointer.onDevice()
                                                ? ", but of cuda:" + pointer.device()
                                                : ", nor of another CUDA device"));
            }
        }
        MemoryUses uses = MemoryUses.ofNoStream();
        TensorView tensor =
                new TensorView(dtype, shape, strides, address.asSlice(0, 0), gpu.device(), uses);
        Forgetting.CLEANER.register(tensor, uses::forget);
        return tensor;
    }

    /** A view of other code's memory has no arena whose close could end it. */
    private static final class Forgetting {
        static final Cleaner CLEANER = Cleaner.create();
    }

    /** Copies to new memory; without a stream, until it is there. */
    public static TensorView to(TensorView source, Arena arena, Device target, GpuStream stream) {
        if (stream != null) {
            requireOneOf(stream, source.device(), target);
        }
        long[] shape = source.shape();
        long[] strides =
                source.elementCount() > 0 && Shapes.isDense(shape, source.strides())
                        ? source.strides()
                        : Shapes.contiguousStrides(shape);
        TensorView copy;
        if (!target.isCpu()) {
            copy = onDevice(source.dtype(), shape, strides, arena, target, stream);
        } else if (stream != null) {
            copy = allocatePinned(arena, source.dtype(), shape, strides);
        } else {
            MemorySegment memory =
                    arena.allocate(
                            Shapes.spanBytes(shape, strides, source.dtype().byteSize()),
                            TensorView.ALIGNMENT);
            copy = TensorFactory.wrap(memory, source.dtype(), shape, strides);
        }
        copy(copy, source, stream);
        return copy;
    }

    private static TensorView onDevice(
            DType dtype,
            long[] shape,
            long[] strides,
            Arena arena,
            Device target,
            GpuStream stream) {
        Gpu gpu = Gpu.of(target);
        if (stream == null || !stream.device().equals(target)) {
            return allocate(arena, gpu, dtype, shape, strides);
        }
        // Freed, the memory goes to later work of the stream that uses it.
        try (TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream.handle())) {
            return allocate(arena, gpu, dtype, shape, strides);
        }
    }

    /** Copies elements; without a stream, until they are there. */
    public static void copy(TensorView target, TensorView source, GpuStream stream) {
        requireLike(target, source);
        if (stream != null) {
            requireOneOf(stream, source.device(), target.device());
        }
        if (target.device().isCpu() && source.device().isCpu()) {
            source.requireReadable();
            target.requireReadable();
            StridedCopy.copy(
                    source.segment(),
                    source.shape(),
                    source.strides(),
                    source.dtype().byteSize(),
                    target.segment(),
                    target.strides());
            return;
        }
        if (source.elementCount() == 0) {
            source.requireOpen();
            target.requireOpen();
            return;
        }
        TensorView remote = source.device().isCpu() ? target : source;
        Gpu gpu = stream == null ? Gpu.of(remote.device()) : stream.gpu();
        MemorySegment queue = stream == null ? gpu.currentStream() : stream.handle();
        try (var launch = new Launch(gpu, queue)) {
            launch.uses(source.uses());
            launch.uses(target.uses());
            try {
                give(target, source, gpu, queue);
            } catch (Throwable e) {
                launch.failed(e);
                throw e;
            }
            launch.done();
            if (stream == null || isPageable(source) || isPageable(target)) {
                gpu.api().synchronizeStream(queue);
            }
        }
    }

    /** Whether the memory is of the CPU and may move while a device reads it. */
    private static boolean isPageable(TensorView tensor) {
        return tensor.device().isCpu() && tensor.uses() == null;
    }

    private static void give(TensorView target, TensorView source, Gpu gpu, MemorySegment stream) {
        long[] shape = source.shape();
        if (Shapes.sameLayout(shape, source.strides(), target.strides())
                && Shapes.isDense(shape, source.strides())) {
            gpu.api().copyAsync(target.segment(), source.segment(), source.spanBytes(), stream);
            return;
        }
        // PyTorch knows how to copy between strides across devices.
        try (TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream);
                Arena arena = Arena.ofConfined()) {
            MemorySegment to = handle(target, arena);
            try (Cleanup _ = () -> TorchApi.deleteTensor(to)) {
                MemorySegment from = handle(source, arena);
                try (Cleanup _ = () -> TorchApi.deleteTensor(from)) {
                    TorchCudaApi.copy(to, from, true);
                }
            }
        }
    }

    private static MemorySegment handle(TensorView tensor, Arena arena) {
        int rank = tensor.rank();
        MemorySegment sizes = arena.allocateFrom(JAVA_LONG, tensor.shape());
        MemorySegment strides = arena.allocateFrom(JAVA_LONG, tensor.strides());
        MemorySegment slot = arena.allocate(ADDRESS);
        if (tensor.device().isCpu()) {
            TorchApi.createTensorFromBlob(
                    tensor.segment(), rank, sizes, strides, tensor.dtype().code(), slot);
        } else {
            TorchCudaApi.createTensorFromBlob(
                    tensor.segment(),
                    tensor.device().index(),
                    rank,
                    sizes,
                    strides,
                    tensor.dtype().code(),
                    slot);
        }
        return slot.get(ADDRESS, 0);
    }

    private static void requireLike(TensorView target, TensorView source) {
        if (target.dtype() != source.dtype() || !Arrays.equals(target.shape(), source.shape())) {
            throw new InvalidInputException(
                    "%s cannot be copied into %s: dtype and shape must be the same"
                            .formatted(source, target));
        }
        if (target.segment().isReadOnly()) {
            throw new InvalidInputException("the target of a copy is read-only memory: " + target);
        }
        if (target.rank() > Shapes.MAX_RANK) {
            throw new InvalidInputException(
                    "%s has more than %d dimensions".formatted(target, Shapes.MAX_RANK));
        }
    }

    private static void requireOneOf(GpuStream stream, Device source, Device target) {
        if (!stream.device().equals(source) && !stream.device().equals(target)) {
            throw new InvalidInputException(
                    "%s cannot copy from %s to %s: it is another device's"
                            .formatted(stream, source, target));
        }
    }
}
