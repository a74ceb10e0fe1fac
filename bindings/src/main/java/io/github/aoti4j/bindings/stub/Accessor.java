package io.github.aoti4j.bindings.stub;

import static io.github.aoti4j.bindings.stub.Accessor.Kind.CONSTANT;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.ELEMENT;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.INT_FIELD;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.INT_VALUE;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.IS_DEFINED;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.LONG_FIELD;
import static io.github.aoti4j.bindings.stub.Accessor.Kind.NOTHING;

import java.util.List;

/**
 * A function of libtorch's C shim that is a few bytes of machine code in the library.
 *
 * @param value the constant, or where in a tensor's record the field lies
 */
public record Accessor(String symbol, Kind kind, int value) {
    /** What a function does, and thereby its signature. */
    public enum Kind {
        /** {@code int32 f()} returns the value. */
        CONSTANT,

        /** {@code void f(bool)} does nothing. */
        NOTHING,

        /** {@code int32 f(tensor, int64 *result)} reads a field of the record. */
        LONG_FIELD,

        /** {@code int32 f(tensor, int32 *result)} reads a field of the record. */
        INT_FIELD,

        /** {@code int32 f(tensor, int32 *result)} gives the value for every tensor. */
        INT_VALUE,

        /**
         * {@code int32 f(tensor, int64 dimension, int64 *result)} reads an element of the array to
         * which a field of the record points. A negative dimension counts from the end.
         */
        ELEMENT,

        /** {@code int32 f(tensor, bool *result)} compares the record's state. */
        IS_DEFINED
    }

    // Values as in c10's ScalarType.h, DeviceType.h, Layout.h and MemoryFormat.h.
    static final List<Accessor> ALL =
            List.of(
                    new Accessor("aoti_torch_dtype_uint8", CONSTANT, 0),
                    new Accessor("aoti_torch_dtype_int8", CONSTANT, 1),
                    new Accessor("aoti_torch_dtype_int16", CONSTANT, 2),
                    new Accessor("aoti_torch_dtype_int32", CONSTANT, 3),
                    new Accessor("aoti_torch_dtype_int64", CONSTANT, 4),
                    new Accessor("aoti_torch_dtype_float16", CONSTANT, 5),
                    new Accessor("aoti_torch_dtype_float32", CONSTANT, 6),
                    new Accessor("aoti_torch_dtype_float64", CONSTANT, 7),
                    new Accessor("aoti_torch_dtype_complex32", CONSTANT, 8),
                    new Accessor("aoti_torch_dtype_complex64", CONSTANT, 9),
                    new Accessor("aoti_torch_dtype_complex128", CONSTANT, 10),
                    new Accessor("aoti_torch_dtype_bool", CONSTANT, 11),
                    new Accessor("aoti_torch_dtype_bfloat16", CONSTANT, 15),
                    new Accessor("aoti_torch_dtype_float8_e5m2", CONSTANT, 23),
                    new Accessor("aoti_torch_dtype_float8_e4m3fn", CONSTANT, 24),
                    new Accessor("aoti_torch_dtype_float8_e5m2fnuz", CONSTANT, 25),
                    new Accessor("aoti_torch_dtype_float8_e4m3fnuz", CONSTANT, 26),
                    new Accessor("aoti_torch_dtype_uint16", CONSTANT, 27),
                    new Accessor("aoti_torch_dtype_uint32", CONSTANT, 28),
                    new Accessor("aoti_torch_dtype_uint64", CONSTANT, 29),
                    new Accessor("aoti_torch_dtype_float8_e8m0fnu", CONSTANT, 44),
                    new Accessor("aoti_torch_dtype_float4_e2m1fn_x2", CONSTANT, 45),
                    new Accessor("aoti_torch_device_type_cpu", CONSTANT, 0),
                    new Accessor("aoti_torch_device_type_cuda", CONSTANT, 1),
                    new Accessor("aoti_torch_device_type_xpu", CONSTANT, 12),
                    new Accessor("aoti_torch_device_type_mps", CONSTANT, 13),
                    new Accessor("aoti_torch_device_type_meta", CONSTANT, 14),
                    new Accessor("aoti_torch_device_type_privateuse1", CONSTANT, 20),
                    new Accessor("aoti_torch_layout_strided", CONSTANT, 0),
                    new Accessor("aoti_torch_layout_sparse_coo", CONSTANT, 1),
                    new Accessor("aoti_torch_layout_sparse_csr", CONSTANT, 2),
                    new Accessor("aoti_torch_layout__mkldnn", CONSTANT, 3),
                    new Accessor("aoti_torch_layout_sparse_csc", CONSTANT, 4),
                    new Accessor("aoti_torch_layout_sparse_bsr", CONSTANT, 5),
                    new Accessor("aoti_torch_layout_sparse_bsc", CONSTANT, 6),
                    new Accessor("aoti_torch_layout_jagged", CONSTANT, 7),
                    new Accessor("aoti_torch_memory_format_contiguous_format", CONSTANT, 0),
                    new Accessor("aoti_torch_memory_format_preserve_format", CONSTANT, 1),
                    new Accessor("aoti_torch_memory_format_channels_last", CONSTANT, 2),
                    new Accessor("aoti_torch_memory_format_channels_last_3d", CONSTANT, 3),
                    // There are no gradients. Models turn the mode off and back to what it was.
                    new Accessor("aoti_torch_grad_mode_is_enabled", CONSTANT, 0),
                    new Accessor("aoti_torch_grad_mode_set_enabled", NOTHING, 0),
                    new Accessor("aoti_torch_get_data_ptr", LONG_FIELD, TensorRecord.DATA),
                    new Accessor("aoti_torch_get_dim", LONG_FIELD, TensorRecord.RANK),
                    new Accessor("aoti_torch_get_numel", LONG_FIELD, TensorRecord.COUNT),
                    new Accessor("aoti_torch_get_sizes", LONG_FIELD, TensorRecord.SIZES),
                    new Accessor("aoti_torch_get_strides", LONG_FIELD, TensorRecord.STRIDES),
                    new Accessor("aoti_torch_get_storage_offset", LONG_FIELD, TensorRecord.OFFSET),
                    new Accessor(
                            "aoti_torch_get_storage_size", LONG_FIELD, TensorRecord.STORAGE_BYTES),
                    new Accessor("aoti_torch_get_dtype", INT_FIELD, TensorRecord.DTYPE),
                    new Accessor("aoti_torch_get_size", ELEMENT, TensorRecord.SIZES),
                    new Accessor("aoti_torch_get_stride", ELEMENT, TensorRecord.STRIDES),
                    // The CPU's tensors have no device number.
                    new Accessor("aoti_torch_get_device_type", INT_VALUE, 0),
                    new Accessor("aoti_torch_get_device_index", INT_VALUE, -1),
                    new Accessor("aoti_torch_get_layout", INT_VALUE, 0),
                    new Accessor("aoti_torch_is_defined", IS_DEFINED, TensorRecord.STATE));
}
