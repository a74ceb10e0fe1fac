package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.tensor.Creation;
import io.github.aoti4j.internal.builtin.tensor.Handles;

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
                    of("as_strided", Creation.class, "asStrided", "LLLL"),
                    of("_alloc_from_pool", Creation.class, "allocateFromPool", "LLILLLL"));

    private BasicFunctions() {}

    private static Function of(String name, Class<?> home, String method, String signature) {
        return new Function("aoti_torch_" + name, home, method, signature);
    }
}
