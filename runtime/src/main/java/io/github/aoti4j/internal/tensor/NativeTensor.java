package io.github.aoti4j.internal.tensor;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;

/**
 * What an engine says of a tensor behind a handle.
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
     * @param scratch the address of eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static NativeTensor of(TensorApi tensors, long handle, long scratch, String what) {
        return of(tensors, handle, scratch, dtype(tensors, handle, scratch, what), Device.CPU);
    }

    /**
     * Asks for all of a tensor on any device.
     *
     * @param scratch the address of eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU or a CUDA device, or
     *     of an unknown element type
     */
    public static NativeTensor anywhere(TensorApi tensors, long handle, long scratch, String what) {
        if (tensors.deviceType(handle, scratch) == TensorApi.CPU) {
            return of(tensors, handle, scratch, what);
        }
        if (tensors.deviceType(handle, scratch) != TorchCudaApi.CUDA
                || !tensors.isStrided(handle, scratch)) {
            throw new IncompatibleModelException(
                    what + " is not a dense tensor in memory of the CPU or a CUDA device");
        }
        Device device = Device.cuda(tensors.deviceIndex(handle, scratch));
        return of(tensors, handle, scratch, knownDtype(tensors, handle, scratch, what), device);
    }

    private static NativeTensor of(
            TensorApi tensors, long handle, long scratch, DType dtype, Device device) {
        int rank = Math.toIntExact(tensors.rank(handle, scratch));
        long[] shape = RawMemory.longs(tensors.sizes(handle, scratch), rank);
        long[] strides = RawMemory.longs(tensors.strides(handle, scratch), rank);
        return new NativeTensor(
                dtype,
                shape,
                strides,
                tensors.dataAddress(handle, scratch),
                Shapes.spanBytes(shape, strides, dtype.byteSize()),
                device);
    }

    /**
     * Asks for the element type.
     *
     * @param scratch the address of eight bytes
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static DType dtype(TensorApi tensors, long handle, long scratch, String what) {
        if (tensors.deviceType(handle, scratch) != TensorApi.CPU
                || !tensors.isStrided(handle, scratch)) {
            throw new IncompatibleModelException(what + " is not a dense tensor in CPU memory");
        }
        return knownDtype(tensors, handle, scratch, what);
    }

    private static DType knownDtype(TensorApi tensors, long handle, long scratch, String what) {
        int code = tensors.dtype(handle, scratch);
        return DType.ofCode(code)
                .orElseThrow(
                        () ->
                                new IncompatibleModelException(
                                        what + " has an element type unknown here: " + code));
    }
}
