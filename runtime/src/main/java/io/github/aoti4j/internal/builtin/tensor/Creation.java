package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.tensor.Shapes;

/** Makes tensors: on new memory, on memory that is there, and views. */
public final class Creation {
    /** {@code c10::DeviceType::CPU} (torch/headeronly/core/DeviceType.h). */
    private static final int CPU = 0;

    /** {@code c10::Layout::Strided} (torch/headeronly/core/Layout.h). */
    private static final int STRIDED = 0;

    private Creation() {}

    /** {@code aoti_torch_empty_strided}. */
    public static void emptyStrided(
            long rank,
            long sizes,
            long strides,
            int dtype,
            int deviceType,
            int deviceIndex,
            long result) {
        requireCpu(deviceType);
        long tensor = Tensors.begin(dtype, rankOf(rank));
        Tensors.allocate(tensor, sizes, strides);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_create_tensor_from_blob}. */
    public static void fromBlob(
            long data,
            long rank,
            long sizes,
            long strides,
            long offset,
            int dtype,
            int deviceType,
            int deviceIndex,
            long result) {
        requireCpu(deviceType);
        long tensor = Tensors.begin(dtype, rankOf(rank));
        Tensors.wrap(tensor, sizes, strides, data, offset);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_create_tensor_from_blob_v2}. */
    public static void fromBlobOfLayout(
            long data,
            long rank,
            long sizes,
            long strides,
            long offset,
            int dtype,
            int deviceType,
            int deviceIndex,
            long result,
            int layout,
            long metadata,
            long metadataBytes) {
        if (layout != STRIDED) {
            throw new BuiltInFailure("layout %d is not known, only strided".formatted(layout));
        }
        fromBlob(data, rank, sizes, strides, offset, dtype, deviceType, deviceIndex, result);
    }

    /**
     * {@code aoti_torch__reinterpret_tensor}.
     *
     * @param offset behind the tensor's own ({@code torch/csrc/inductor/inductor_ops.cpp})
     */
    public static void reinterpret(
            long self, long rank, long sizes, long strides, long offset, long result) {
        Tensors.require(self, "self");
        long tensor = Tensors.begin(Tensors.dtype(self), rankOf(rank));
        Tensors.view(tensor, sizes, strides, self, Tensors.offset(self) + offset);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_as_strided}; as many sizes and strides as the tensor has now. */
    public static void asStrided(long self, long sizes, long strides, long result) {
        Tensors.require(self, "self");
        reinterpret(self, Tensors.rank(self), sizes, strides, 0, result);
    }

    /** {@code aoti_torch_cpu_view_as_real}: the parts of complex numbers as a last dimension. */
    public static void viewAsReal(long self, long result) {
        Tensors.require(self, "self");
        int dtype = Tensors.dtype(self);
        if (dtype < DType.COMPLEX32.code() || dtype > DType.COMPLEX128.code()) {
            throw new BuiltInFailure("not complex: " + Tensors.describe(self));
        }
        int rank = Tensors.rank(self);
        int part = DType.FLOAT16.code() + dtype - DType.COMPLEX32.code();
        long tensor = Tensors.begin(part, rankOf(rank + 1L));
        for (int d = 0; d < rank; d++) {
            Tensors.setDimension(tensor, d, Tensors.size(self, d), 2 * Tensors.stride(self, d));
        }
        Tensors.setDimension(tensor, rank, 2, 1);
        Tensors.view(tensor, self, 2 * Tensors.offset(self));
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch__alloc_from_pool}: part of a tensor's memory as another tensor. */
    public static void allocateFromPool(
            long self,
            long offsetBytes,
            int dtype,
            long rank,
            long sizes,
            long strides,
            long result) {
        Tensors.require(self, "self");
        int elementBytes = Tensors.elementBytes(dtype);
        if (Tensors.offset(self) != 0 || offsetBytes % elementBytes != 0) {
            throw new BuiltInFailure(
                    "byte %d of %s with offset %d is no place for elements of type %d"
                            .formatted(
                                    offsetBytes,
                                    Tensors.describe(self),
                                    Tensors.offset(self),
                                    dtype));
        }
        long tensor = Tensors.begin(dtype, rankOf(rank));
        Tensors.view(tensor, sizes, strides, self, offsetBytes / elementBytes);
        Raw.setLong(result, tensor);
    }

    private static int rankOf(long rank) {
        if (rank < 0 || rank > Shapes.MAX_RANK) {
            throw new BuiltInFailure(
                    "a tensor has at most %d dimensions, not %d".formatted(Shapes.MAX_RANK, rank));
        }
        return (int) rank;
    }

    private static void requireCpu(int deviceType) {
        if (deviceType != CPU) {
            throw new BuiltInFailure("device type %d is not the CPU".formatted(deviceType));
        }
    }
}
