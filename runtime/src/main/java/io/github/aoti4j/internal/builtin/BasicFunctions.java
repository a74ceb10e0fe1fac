package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.tensor.Copies;
import io.github.aoti4j.internal.builtin.tensor.Creation;
import io.github.aoti4j.internal.builtin.tensor.Fills;
import io.github.aoti4j.internal.builtin.tensor.Handles;
import io.github.aoti4j.internal.builtin.tensor.Scalars;

import java.util.List;

/** The functions that make tensors, and read and write them as they are. */
final class BasicFunctions {
    static final List<Function> LIST =
            List.of(
                    of("delete_tensor_object", Handles.class, "delete", "L"),
                    of("new_tensor_handle", Handles.class, "newHandle", "LL"),
                    of("new_uninitialized_tensor", Handles.class, "newUndefined", "L"),
                    of("assign_tensors", Handles.class, "assignTensors", "LL"),
                    of("assign_tensors_out", Handles.class, "assignTensorsOut", "LL"),
                    of("empty_strided", Creation.class, "emptyStrided", "LLLIIIL"),
                    of("create_tensor_from_blob", Creation.class, "fromBlob", "LLLLLIIIL"),
                    of(
                            "create_tensor_from_blob_v2",
                            Creation.class,
                            "fromBlobOfLayout",
                            "LLLLLIIILILL"),
                    of("_reinterpret_tensor", Creation.class, "reinterpret", "LLLLLL"),
                    of("clone", Copies.class, "clone", "LL"),
                    of("clone_preserve_strides", Copies.class, "clonePreserveStrides", "LL"),
                    of("copy_", Copies.class, "copyInto", "LLI"),
                    of("tensor_copy_", Copies.class, "tensorCopy", "LL"),
                    of("zero_", Fills.class, "zero", "L"),
                    of("cpu_fill__Scalar", Fills.class, "fill", "LD"),
                    of("item_float16", Scalars.class, "itemFloat16", "LL"),
                    of("item_bfloat16", Scalars.class, "itemBfloat16", "LL"),
                    of("item_float32", Scalars.class, "itemFloat32", "LL"),
                    of("item_float64", Scalars.class, "itemFloat64", "LL"),
                    of("item_uint8", Scalars.class, "itemUint8", "LL"),
                    of("item_uint16", Scalars.class, "itemUint16", "LL"),
                    of("item_uint32", Scalars.class, "itemUint32", "LL"),
                    of("item_uint64", Scalars.class, "itemUint64", "LL"),
                    of("item_int8", Scalars.class, "itemInt8", "LL"),
                    of("item_int16", Scalars.class, "itemInt16", "LL"),
                    of("item_int32", Scalars.class, "itemInt32", "LL"),
                    of("item_int64", Scalars.class, "itemInt64", "LL"),
                    of("item_bool", Scalars.class, "itemBool", "LL"),
                    of("scalar_to_tensor_float64", Scalars.class, "toFloat64", "DL"),
                    of("scalar_to_tensor_uint8", Scalars.class, "toUint8", "IL"),
                    of("scalar_to_tensor_int8", Scalars.class, "toInt8", "IL"),
                    of("scalar_to_tensor_int16", Scalars.class, "toInt16", "IL"),
                    of("scalar_to_tensor_int32", Scalars.class, "toInt32", "IL"),
                    of("scalar_to_tensor_int64", Scalars.class, "toInt64", "LL"),
                    of("scalar_to_tensor_bool", Scalars.class, "toBool", "IL"),
                    of("as_strided", Creation.class, "asStrided", "LLLL"),
                    of("cpu_view_as_real", Creation.class, "viewAsReal", "LL"),
                    of("_alloc_from_pool", Creation.class, "allocateFromPool", "LLILLLL"));

    private BasicFunctions() {}

    private static Function of(String name, Class<?> home, String method, String signature) {
        return new Function("aoti_torch_" + name, home, method, signature);
    }
}
