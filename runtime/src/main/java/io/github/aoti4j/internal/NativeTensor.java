package io.github.aoti4j.internal;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.MemorySegment;

/**
 * What libtorch says of a tensor behind a handle.
 *
 * @param dtype the element type
 * @param shape the sizes; not copied
 * @param strides in elements; not copied
 * @param address of the first element
 * @param bytes from the first element to the last
 */
@SuppressWarnings("ArrayRecordComponent") // passed on at once, never compared
public record NativeTensor(DType dtype, long[] shape, long[] strides, long address, long bytes) {

    /**
     * Asks for all.
     *
     * @param handle the tensor
     * @param scratch eight bytes
     * @param what the tensor's name in messages
     * @return the answers
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static NativeTensor of(MemorySegment handle, MemorySegment scratch, String what) {
        DType dtype = dtype(handle, scratch, what);
        int rank = TorchApi.rank(handle, scratch);
        long[] shape = TorchApi.sizes(handle, rank, scratch);
        long[] strides = TorchApi.strides(handle, rank, scratch);
        return new NativeTensor(
                dtype,
                shape,
                strides,
                TorchApi.dataAddress(handle, scratch),
                Shapes.spanBytes(shape, strides, dtype.byteSize()));
    }

    /**
     * Asks for the element type.
     *
     * @param handle the tensor
     * @param scratch eight bytes
     * @param what the tensor's name in messages
     * @return the type
     * @throws IncompatibleModelException if it is not dense memory of the CPU, or of an unknown
     *     element type
     */
    public static DType dtype(MemorySegment handle, MemorySegment scratch, String what) {
        if (TorchApi.deviceType(handle, scratch) != TorchApi.CPU
                || !TorchApi.isStrided(handle, scratch)) {
            throw new IncompatibleModelException(what + " is not a dense tensor in CPU memory");
        }
        int code = TorchApi.dtype(handle, scratch);
        return DType.ofCode(code)
                .orElseThrow(
                        () ->
                                new IncompatibleModelException(
                                        what + " has an element type unknown here: " + code));
    }
}
