package io.github.aoti4j.libtorch;

import java.util.List;

/**
 * The functions without which no model can be run; all are in PyTorch 2.10. Later functions are
 * queried with {@link LibTorch#has}.
 */
final class RequiredSymbols {
    /** The oldest PyTorch that has them all. */
    static final String SINCE = "2.10";

    static final List<String> NAMES =
            List.of(
                    "aoti_torch_abi_version",
                    "aoti_torch_call_dispatcher",
                    "aoti_torch_clone",
                    "aoti_torch_create_tensor_from_blob",
                    "aoti_torch_delete_tensor_object",
                    "aoti_torch_device_type_cpu",
                    "aoti_torch_get_data_ptr",
                    "aoti_torch_get_device_index",
                    "aoti_torch_get_device_type",
                    "aoti_torch_get_dim",
                    "aoti_torch_get_dtype",
                    "aoti_torch_get_layout",
                    "aoti_torch_get_numel",
                    "aoti_torch_get_sizes",
                    "aoti_torch_get_storage_offset",
                    "aoti_torch_get_storage_size",
                    "aoti_torch_get_strides",
                    "aoti_torch_is_defined",
                    "aoti_torch_layout_strided",
                    "aoti_torch_new_tensor_handle");

    private RequiredSymbols() {}
}
