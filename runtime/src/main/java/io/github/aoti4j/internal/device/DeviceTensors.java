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
import io.github.aoti4j.internal.cuda.DeviceMemory;
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
import java.util.function.LongFunction;

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
                bytes -> DeviceMemory.allocate(gpu, bytes));
    }

    /** Makes a tensor in page-locked memory of the CPU. */
    public static TensorView allocatePinned(
            Arena arena, DType dtype, long[] shape, long[] strides) {
        Gpu gpu = Gpu.of(Device.cuda(0)); // the driver locks pages for some device
        return make(
                arena,
                dtype,
                shape,
                strides,
                Device.CPU,
                MemoryUses.ofNoStream(),
                bytes -> DeviceMemory.pinned(gpu, bytes));
    }

    private static TensorView make(
            Arena arena,
            DType dtype,
            long[] shape,
            long[] strides,
            Device device,
            MemoryUses uses,
            LongFunction<DeviceMemory> allocator) {
        requireNonNull(arena, "arena");
        requireNonNull(dtype, "dtype");
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        DeviceMemory memory = allocator.apply(bytes);
        try {
            MemorySegment segment =
                    memory.segment()
                            .reinterpret(
                                    device.isCpu() ? bytes : 0,
                                    arena,
                                    _ -> Closeables.closeAll(uses::close, memory::free));
            return new TensorView(dtype, shape, strides, segment, device, uses);
        } catch (Throwable e) {
            Closeables.closeAfter(e, memory::free);
            throw e;
        }
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
                submit(target, source, gpu, queue);
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

    /** Returns whether the memory is of the CPU and may move while a device reads it. */
    private static boolean isPageable(TensorView tensor) {
        return tensor.device().isCpu() && tensor.uses() == null;
    }

    private static void submit(
            TensorView target, TensorView source, Gpu gpu, MemorySegment stream) {
        long[] shape = source.shape();
        if (Shapes.sameLayout(shape, source.strides(), target.strides())
                && Shapes.isDense(shape, source.strides())) {
            gpu.api().copyAsync(target.segment(), source.segment(), source.spanBytes(), stream);
            return;
        }
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
        MemorySegment slot = arena.allocate(ADDRESS);
        newTensor(
                tensor,
                arena.allocateFrom(JAVA_LONG, tensor.shape()),
                arena.allocateFrom(JAVA_LONG, tensor.strides()),
                slot);
        return slot.get(ADDRESS, 0);
    }

    /** Makes a native tensor over memory of the CPU or a device; the slot gets the handle. */
    static void newTensor(
            TensorView tensor, MemorySegment sizes, MemorySegment strides, MemorySegment slot) {
        int rank = tensor.rank();
        int dtype = tensor.dtype().code();
        MemorySegment memory = tensor.segment();
        if (tensor.device().isCpu()) {
            TorchApi.createTensorFromBlob(memory, rank, sizes, strides, dtype, slot);
        } else {
            int device = tensor.device().index();
            TorchCudaApi.createTensorFromBlob(memory, device, rank, sizes, strides, dtype, slot);
        }
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
