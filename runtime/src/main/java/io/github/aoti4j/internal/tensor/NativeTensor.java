package io.github.aoti4j.internal.tensor;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.MemorySegment;

/**
 * What libtorch says of a tensor behind a handle.
 *
 * @param shape the sizes; not copied
 * @param strides in elements; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // passed on at once, never compared
public record NativeTensor(
        DType dtype, long[] shape, long[] strides, long address, long bytes, Device device) {

    /**
     * Asks for all of a tensor in CPU memory.
     *
     * @param scratch eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static NativeTensor of(MemorySegment handle, MemorySegment scratch, String what) {
        return of(handle, scratch, dtype(handle, scratch, what), Device.CPU);
    }

    /**
     * Asks for all of a tensor on any device.
     *
     * @param scratch eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU or a CUDA device, or
     *     of an unknown element type
     */
    public static NativeTensor anywhere(MemorySegment handle, MemorySegment scratch, String what) {
        if (TorchApi.deviceType(handle, scratch) == TorchApi.CPU) {
            return of(handle, scratch, what);
        }
        if (TorchApi.deviceType(handle, scratch) != TorchCudaApi.CUDA
                || !TorchApi.isStrided(handle, scratch)) {
            throw new IncompatibleModelException(
                    what + " is not a dense tensor in memory of the CPU or a CUDA device");
        }
        Device device = Device.cuda(TorchApi.deviceIndex(handle, scratch));
        return of(handle, scratch, knownDtype(handle, scratch, what), device);
    }

    private static NativeTensor of(
            MemorySegment handle, MemorySegment scratch, DType dtype, Device device) {
        int rank = TorchApi.rank(handle, scratch);
        long[] shape = TorchApi.sizes(handle, rank, scratch);
        long[] strides = TorchApi.strides(handle, rank, scratch);
        return new NativeTensor(
                dtype,
                shape,
                strides,
                TorchApi.dataAddress(handle, scratch),
                Shapes.spanBytes(shape, strides, dtype.byteSize()),
                device);
    }

    /**
     * Asks for the element type.
     *
     * @param scratch eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static DType dtype(MemorySegment handle, MemorySegment scratch, String what) {
        if (TorchApi.deviceType(handle, scratch) != TorchApi.CPU
                || !TorchApi.isStrided(handle, scratch)) {
            throw new IncompatibleModelException(what + " is not a dense tensor in CPU memory");
        }
        return knownDtype(handle, scratch, what);
    }

    private static DType knownDtype(MemorySegment handle, MemorySegment scratch, String what) {
        int code = TorchApi.dtype(handle, scratch);
        return DType.ofCode(code)
                .orElseThrow(
                        () ->
                                new IncompatibleModelException(
                                        what + " has an element type unknown here: " + code));
    }
}
