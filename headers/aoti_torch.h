/*
 * What libtorch_cpu exports for hosts of compiled models: PyTorch's C shim, without the kernels of
 * single operators, which a host calls through the dispatcher.
 *
 * Functions that answer AOTITorchError write their results only on AOTI_TORCH_SUCCESS. Arguments
 * are borrowed for the call unless said otherwise. A line "since X" says which libtorch has the
 * functions below it; 2.10 means that or an older one.
 *
 * Left out: what takes C++ classes (c10::Half, c10::BFloat16, c10::complex); what reports by
 * throwing (aoti_torch_check, aoti_torch_warn) or not at all (aoti_torch_print_tensor_handle,
 * aoti_torch_save_tensor_handle); what needs a Python interpreter, Metal or XPU.
 */
#ifndef AOTI4J_AOTI_TORCH_H
#define AOTI4J_AOTI_TORCH_H

#include "aoti_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* since 2.10 */
/* ---- Versions ---- */

/* Of this libtorch: major version in the top byte, minor in the next, patch in the third. */
uint64_t aoti_torch_abi_version(void);

/* ---- Numbers of dtypes, layouts, memory formats and device types ---- */
/* The numbers are not part of the ABI, these functions are. They cannot fail. */

int32_t aoti_torch_dtype_float8_e5m2(void);
int32_t aoti_torch_dtype_float8_e4m3fn(void);
int32_t aoti_torch_dtype_float8_e5m2fnuz(void);
int32_t aoti_torch_dtype_float8_e4m3fnuz(void);
int32_t aoti_torch_dtype_bfloat16(void);
int32_t aoti_torch_dtype_float16(void);
int32_t aoti_torch_dtype_float32(void);
int32_t aoti_torch_dtype_float64(void);
int32_t aoti_torch_dtype_uint8(void);
int32_t aoti_torch_dtype_uint16(void);
int32_t aoti_torch_dtype_uint32(void);
int32_t aoti_torch_dtype_uint64(void);
int32_t aoti_torch_dtype_int8(void);
int32_t aoti_torch_dtype_int16(void);
int32_t aoti_torch_dtype_int32(void);
int32_t aoti_torch_dtype_int64(void);
int32_t aoti_torch_dtype_bool(void);
int32_t aoti_torch_dtype_complex32(void);
int32_t aoti_torch_dtype_complex64(void);
int32_t aoti_torch_dtype_complex128(void);

/* Bytes of one element. An unknown dtype ends the process. */
size_t aoti_torch_dtype_element_size(int32_t dtype);

/* since 2.11 */
int32_t torch_dtype_float8_e8m0fnu(void);
int32_t torch_dtype_float4_e2m1fn_x2(void);

/* since 2.12 */
int32_t aoti_torch_dtype_float8_e8m0fnu(void);
int32_t aoti_torch_dtype_float4_e2m1fn_x2(void);

/* since 2.10 */
int32_t aoti_torch_layout_strided(void);
int32_t aoti_torch_layout_sparse_coo(void);
int32_t aoti_torch_layout_sparse_csr(void);
int32_t aoti_torch_layout_sparse_csc(void);
int32_t aoti_torch_layout_sparse_bsr(void);
int32_t aoti_torch_layout_sparse_bsc(void);
int32_t aoti_torch_layout__mkldnn(void);
int32_t aoti_torch_layout_jagged(void);

int32_t aoti_torch_memory_format_contiguous_format(void);
int32_t aoti_torch_memory_format_channels_last(void);
int32_t aoti_torch_memory_format_channels_last_3d(void);
int32_t aoti_torch_memory_format_preserve_format(void);

int32_t aoti_torch_device_type_cpu(void);
int32_t aoti_torch_device_type_cuda(void);
int32_t aoti_torch_device_type_meta(void);
int32_t aoti_torch_device_type_xpu(void);
int32_t aoti_torch_device_type_mps(void);
int32_t aoti_torch_device_type_privateuse1(void);

/* "cpu", "cuda:1", ...; the index is -1 where the string has none. */
AOTITorchError torch_parse_device_string(
        const char *device, uint32_t *ret_device_type, int32_t *ret_device_index);

/* ---- Making and deleting tensors ---- */
/*
 * Sizes and strides are arrays of ndim elements, read during the call; strides and storage offsets
 * count elements, not bytes.
 */

/* Uninitialised memory of its own. */
AOTITorchError aoti_torch_empty_strided(
        int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype,
        int32_t device_type, int32_t device_index, AtenTensorHandle *ret_new_tensor);

/* The same in page-locked host memory. */
AOTITorchError aoti_torch_empty_strided_pinned(
        int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype,
        int32_t device_type, int32_t device_index, AtenTensorHandle *ret_new_tensor);

/*
 * A tensor over the caller's memory, which is borrowed and has to outlive every tensor that shares
 * it. With null data it is a tensor on memory of its own: for tensors without elements.
 */
AOTITorchError aoti_torch_create_tensor_from_blob(
        void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, int32_t dtype, int32_t device_type, int32_t device_index,
        AtenTensorHandle *ret_new_tensor);

/*
 * The same with a layout; the metadata are those of the mkldnn layout, null and 0 for others. For
 * other layouts prefer the plain function: this one answers success, with no result written, when
 * that fails (seen in 2.10 and 2.13).
 */
AOTITorchError aoti_torch_create_tensor_from_blob_v2(
        void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, int32_t dtype, int32_t device_type, int32_t device_index,
        AtenTensorHandle *ret_new_tensor, int32_t layout, const uint8_t *opaque_metadata,
        int64_t opaque_metadata_size);

/* A new handle on the same tensor. */
AOTITorchError aoti_torch_new_tensor_handle(
        AtenTensorHandle tensor, AtenTensorHandle *ret_new_tensor);

/* An undefined tensor, to be assigned to. */
AOTITorchError aoti_torch_new_uninitialized_tensor(AtenTensorHandle *ret_new_tensor);

/* Deletes the handle; memory goes when the last tensor that shares it has gone. */
AOTITorchError aoti_torch_delete_tensor_object(AtenTensorHandle tensor);

/* since 2.11 */

/* Called once, from whichever thread drops the last tensor on the memory. */
typedef void (*torch_blob_deleter_fn)(void *data, void *context);

/*
 * ..._from_blob_v2 with word of when the memory is no longer used; a null deleter is allowed. On
 * the CPU the device index has to be -1.
 */
AOTITorchError torch_from_blob(
        void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, int32_t dtype, int32_t device_type, int32_t device_index,
        AtenTensorHandle *ret_new_tensor, int32_t layout, const uint8_t *opaque_metadata,
        int64_t opaque_metadata_size, torch_blob_deleter_fn deleter, void *deleter_context);

/* since 2.10 */
/* ---- Looking into tensors ---- */

/* The first element: storage plus storage offset. Borrowed. */
AOTITorchError aoti_torch_get_data_ptr(AtenTensorHandle tensor, void **ret_data);
AOTITorchError torch_get_mutable_data_ptr(AtenTensorHandle tensor, void **ret_data);
AOTITorchError torch_get_const_data_ptr(AtenTensorHandle tensor, const void **ret_data);

AOTITorchError aoti_torch_get_dim(AtenTensorHandle tensor, int64_t *ret_dim);
AOTITorchError aoti_torch_get_numel(AtenTensorHandle tensor, int64_t *ret_numel);

/* Arrays of dim elements, borrowed from the tensor until its shape changes. */
AOTITorchError aoti_torch_get_sizes(AtenTensorHandle tensor, int64_t **ret_sizes);
AOTITorchError aoti_torch_get_strides(AtenTensorHandle tensor, int64_t **ret_strides);

AOTITorchError aoti_torch_get_size(AtenTensorHandle tensor, int64_t dim, int64_t *ret_size);
AOTITorchError aoti_torch_get_stride(AtenTensorHandle tensor, int64_t dim, int64_t *ret_stride);
AOTITorchError aoti_torch_get_dtype(AtenTensorHandle tensor, int32_t *ret_dtype);
AOTITorchError aoti_torch_get_layout(AtenTensorHandle tensor, int32_t *ret_layout);
AOTITorchError aoti_torch_get_device_type(AtenTensorHandle tensor, int32_t *ret_device_type);
AOTITorchError aoti_torch_get_device_index(AtenTensorHandle tensor, int32_t *ret_device_index);
AOTITorchError aoti_torch_is_contiguous(AtenTensorHandle tensor, bool *ret_is_contiguous);
AOTITorchError aoti_torch_is_defined(AtenTensorHandle tensor, bool *ret_is_defined);
AOTITorchError aoti_torch_get_storage_offset(AtenTensorHandle tensor, int64_t *ret_storage_offset);

/* Bytes of the storage, and how many elements of the tensor's dtype those are. */
AOTITorchError aoti_torch_get_storage_size(AtenTensorHandle tensor, int64_t *ret_num_bytes);
AOTITorchError aoti_torch_get_storage_numel(AtenTensorHandle tensor, int64_t *ret_numel);

/* Fails, naming the tensor, if a value is infinite or not a number. */
AOTITorchError aoti_torch_check_inf_and_nan(const char *tensor_name, AtenTensorHandle tensor);

AOTITorchError torch_set_requires_grad(AtenTensorHandle tensor, bool requires_grad);

/* since 2.14 */

/* False for undefined and for sparse tensors, whose storage must not be asked for. */
AOTITorchError torch_has_storage(AtenTensorHandle tensor, bool *ret_has_storage);

/* since 2.10 */
/* ---- Views, copies, assignment ---- */

/*
 * New tensors on the storage of another, which they keep alive. The storage offset of the first
 * counts from the tensor's own; the second takes as many sizes as the tensor has dimensions.
 */
AOTITorchError aoti_torch__reinterpret_tensor(
        AtenTensorHandle tensor, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_as_strided(
        AtenTensorHandle tensor, const int64_t *sizes, const int64_t *strides,
        AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch__alloc_from_pool(
        AtenTensorHandle pool, int64_t offset_bytes, int32_t dtype, int64_t ndim,
        const int64_t *sizes, const int64_t *strides, AtenTensorHandle *ret_new_tensor);

/* New tensors on memory of their own. */
AOTITorchError aoti_torch_clone(AtenTensorHandle tensor, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_clone_preserve_strides(
        AtenTensorHandle tensor, AtenTensorHandle *ret_new_tensor);

/* Copies values, converting dtype and device where they differ. */
AOTITorchError aoti_torch_copy_(
        AtenTensorHandle destination, AtenTensorHandle source, int32_t non_blocking);

/* The same with the operands the other way round; PyTorch means to drop it. */
AOTITorchError aoti_torch_tensor_copy_(AtenTensorHandle source, AtenTensorHandle destination);

/*
 * Makes `destination` another name for the tensor behind `source`. Both handles stay to be deleted.
 */
AOTITorchError aoti_torch_assign_tensors(AtenTensorHandle source, AtenTensorHandle destination);

/* A shallow copy behind a new handle. */
AOTITorchError aoti_torch_assign_tensors_out(
        AtenTensorHandle source, AtenTensorHandle *ret_new_tensor);

AOTITorchError aoti_torch_zero_(AtenTensorHandle tensor);

/* ---- Single values ---- */
/*
 * From tensors of one element, converted, and to new tensors without dimensions. Left out: float16,
 * bfloat16 and complex, whose parameters are C++ classes.
 */

AOTITorchError aoti_torch_item_float32(AtenTensorHandle tensor, float *ret_value);
AOTITorchError aoti_torch_item_float64(AtenTensorHandle tensor, double *ret_value);
AOTITorchError aoti_torch_item_uint8(AtenTensorHandle tensor, uint8_t *ret_value);
AOTITorchError aoti_torch_item_uint16(AtenTensorHandle tensor, uint16_t *ret_value);
AOTITorchError aoti_torch_item_uint32(AtenTensorHandle tensor, uint32_t *ret_value);
AOTITorchError aoti_torch_item_uint64(AtenTensorHandle tensor, uint64_t *ret_value);
AOTITorchError aoti_torch_item_int8(AtenTensorHandle tensor, int8_t *ret_value);
AOTITorchError aoti_torch_item_int16(AtenTensorHandle tensor, int16_t *ret_value);
AOTITorchError aoti_torch_item_int32(AtenTensorHandle tensor, int32_t *ret_value);
AOTITorchError aoti_torch_item_int64(AtenTensorHandle tensor, int64_t *ret_value);
AOTITorchError aoti_torch_item_bool(AtenTensorHandle tensor, bool *ret_value);

AOTITorchError aoti_torch_scalar_to_tensor_float32(float value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_float64(double value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_uint8(uint8_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_uint16(uint16_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_uint32(uint32_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_uint64(uint64_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_int8(int8_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_int16(int16_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_int32(int32_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_int64(int64_t value, AtenTensorHandle *ret_new_tensor);
AOTITorchError aoti_torch_scalar_to_tensor_bool(bool value, AtenTensorHandle *ret_new_tensor);

/* ---- Grad mode, of the calling thread ---- */

bool aoti_torch_grad_mode_is_enabled(void);
void aoti_torch_grad_mode_set_enabled(bool enabled);

/* since 2.13 */
/* ---- Errors ---- */

/*
 * Message of the latest failure on the calling thread, with and without the C++ backtrace. Borrowed
 * until the thread's next failure.
 */
const char *torch_exception_get_what(void);
const char *torch_exception_get_what_without_backtrace(void);

/* since 2.10 */
/* ---- The dispatcher: calling operators by name ---- */

/*
 * An argument or a result as 64 bits: integers, doubles, bools and the numbers of dtypes, layouts
 * and memory formats by value; devices as type << 32 | index; tensors, generators, strings, lists
 * and optionals as a handle or pointer that changes hands; an empty optional as 0.
 */
typedef uint64_t StableIValue;

/*
 * Calls `name` ("aten::add") in its `overload` ("Tensor", or ""). The stack has room for the larger
 * of arguments and results, arguments in schema order with none left out; on success results
 * replace them from the bottom. The call takes the arguments; results are new. After a failure the
 * stack is rubbish, and which arguments had been taken is not known.
 */
AOTITorchError aoti_torch_call_dispatcher(
        const char *name, const char *overload, StableIValue *stack);

/* The same, with arguments and encoding as of the given ABI version. */
AOTITorchError torch_call_dispatcher(
        const char *name, const char *overload, StableIValue *stack, uint64_t abi_version);

/* since 2.13 */

/*
 * An optional that holds something is a pointer to a StableIValue made by this function; the call
 * that takes it frees it. Older libtorch frees it too, as memory from C++'s operator new.
 */
AOTITorchError torch_new_stable_ivalue(StableIValue **ret_new_value);

/* Exactly once, and never null. */
AOTITorchError torch_delete_stable_ivalue(StableIValue *value);

/* since 2.10 */
/* ---- Lists of StableIValue ---- */
/*
 * A list holds bare bits: it neither copies nor deletes what handles in it stand for. A call that
 * takes the list takes the handles with it.
 */

typedef struct StableListOpaque *StableListHandle;

AOTITorchError torch_new_list_reserve_size(size_t capacity, StableListHandle *ret_new_list);
AOTITorchError torch_list_size(StableListHandle list, size_t *ret_size);
AOTITorchError torch_list_get_item(StableListHandle list, size_t index, StableIValue *ret_element);
AOTITorchError torch_list_set_item(StableListHandle list, size_t index, StableIValue element);
AOTITorchError torch_list_push_back(StableListHandle list, StableIValue element);
AOTITorchError torch_delete_list(StableListHandle list);

/* ---- Strings ---- */

typedef struct StringOpaque *StringHandle;

/* Copies `length` bytes, which may contain zeros. */
AOTITorchError torch_new_string_handle(
        const char *data, size_t length, StringHandle *ret_new_string);
AOTITorchError torch_string_length(StringHandle string, size_t *ret_length);

/* Borrowed from the string; ends with a zero. */
AOTITorchError torch_string_c_str(StringHandle string, const char **ret_data);
AOTITorchError torch_delete_string(StringHandle string);

/* ---- Operators of one's own ---- */

typedef struct TorchLibraryOpaque *TorchLibraryHandle;

/*
 * A kernel: takes its arguments from the stack and leaves its results there, as for the dispatcher.
 */
typedef void (*aoti_torch_kernel_fn)(StableIValue *stack, uint64_t num_args, uint64_t num_results);

/*
 * New registration of operators in namespace `ns`: definitions (once per namespace), a fragment of
 * definitions, or implementations for one dispatch key ("CPU"). `file` and `line` are what error
 * messages point at. Deleting it takes the registrations back.
 */
AOTITorchError aoti_torch_library_init_def(
        const char *ns, const char *file, uint32_t line, TorchLibraryHandle *ret_new_library);
AOTITorchError aoti_torch_library_init_fragment(
        const char *ns, const char *file, uint32_t line, TorchLibraryHandle *ret_new_library);
AOTITorchError aoti_torch_library_init_impl(
        const char *ns, const char *dispatch_key, const char *file, uint32_t line,
        TorchLibraryHandle *ret_new_library);
AOTITorchError aoti_torch_delete_library_object(TorchLibraryHandle library);

/* `schema` as in "scale_add(Tensor x, float s) -> Tensor". */
AOTITorchError aoti_torch_library_def(TorchLibraryHandle library, const char *schema);

/* `kernel` has to live as long as the registration. It must not throw. */
AOTITorchError aoti_torch_library_impl(
        TorchLibraryHandle library, const char *name, aoti_torch_kernel_fn kernel);

/* The same, with the encoding as of the given ABI version. */
AOTITorchError torch_library_impl(
        TorchLibraryHandle library, const char *name, aoti_torch_kernel_fn kernel,
        uint64_t abi_version);

/* since 2.12 */

/* The tags of an operator, each one of torch_tag_*(). */
AOTITorchError torch_library_def_with_tags(
        TorchLibraryHandle library, const char *schema, const int32_t *tags, int32_t num_tags);

int32_t torch_tag_core(void);
int32_t torch_tag_cudagraph_unsafe(void);
int32_t torch_tag_data_dependent_output(void);
int32_t torch_tag_dynamic_output_shape(void);
int32_t torch_tag_flexible_layout(void);
int32_t torch_tag_generated(void);
int32_t torch_tag_inplace_view(void);
int32_t torch_tag_maybe_aliasing_or_mutating(void);
int32_t torch_tag_needs_contiguous_strides(void);
int32_t torch_tag_needs_exact_strides(void);
int32_t torch_tag_needs_fixed_stride_order(void);
int32_t torch_tag_nondeterministic_bitwise(void);
int32_t torch_tag_nondeterministic_seeded(void);
int32_t torch_tag_out_variant(void);
int32_t torch_tag_pointwise(void);
int32_t torch_tag_pt2_compliant_tag(void);
int32_t torch_tag_reduction(void);
int32_t torch_tag_view_copy(void);

/* since 2.13 */

/* Names the Python module that has the operators' Python side. */
AOTITorchError torch_library_set_python_module(
        TorchLibraryHandle library, const char *python_module, const char *context);

/* since 2.10 */
/* ---- The proxy executor ---- */

/*
 * What a model calls for an operator without a C function: a virtual call on `executor`, which
 * returns nothing. Here so that an executor made by a host can be tried without a model.
 */
AOTITorchError aoti_torch_proxy_executor_call_function(
        AOTIProxyExecutorHandle executor, int node, int num_ints, int64_t *ints, int num_tensors,
        AtenTensorHandle *tensors);

/* ---- Ranges in a profile ---- */

/* A c10::IValue on the heap; here an argument to be shown with a range. */
typedef struct C10IValueOpaque *C10IValueHandle;

/* New, and a copy of what they are made from. */
AOTITorchError aoti_torch_int64_to_ivalue(int64_t value, C10IValueHandle *ret_new_ivalue);
AOTITorchError aoti_torch_str_to_ivalue(const char *value, C10IValueHandle *ret_new_ivalue);
AOTITorchError aoti_torch_strlist_to_ivalue(
        const char **values, int64_t num_values, C10IValueHandle *ret_new_ivalue);
AOTITorchError aoti_torch_tensor_to_ivalue(
        AtenTensorHandle tensor, C10IValueHandle *ret_new_ivalue);
AOTITorchError aoti_torch_delete_c10_value_object(C10IValueHandle ivalue);

typedef struct IValueMapOpaque *IValueMapHandle;
typedef struct AtenRecordFunctionOpaque *AtenRecordFunctionHandle;

/* New range, which lasts until its end is called. `kwargs` is a C++ map: null. */
AOTITorchError aoti_record_function_start(
        const char *name, IValueMapHandle kwargs, const C10IValueHandle *inputs,
        uint64_t num_inputs, AtenRecordFunctionHandle *ret_new_range);
AOTITorchError aoti_record_function_end(AtenRecordFunctionHandle range);

/* ---- Devices and streams, whatever the kind of accelerator ---- */

typedef struct DeviceGuardOpaque *DeviceGuardHandle;
typedef struct StreamOpaque *StreamHandle;

/*
 * New guard: the device is the calling thread's current one until the guard is deleted, on the same
 * thread.
 */
AOTITorchError aoti_torch_create_device_guard(
        int32_t device_index, DeviceGuardHandle *ret_new_guard);
AOTITorchError aoti_torch_device_guard_set_index(DeviceGuardHandle guard, int32_t device_index);
AOTITorchError aoti_torch_delete_device_guard(DeviceGuardHandle guard);

AOTITorchError aoti_torch_get_current_device_index(int32_t *ret_device_index);

/* New handle on the device's current stream. */
AOTITorchError aoti_torch_get_current_stream(int32_t device_index, StreamHandle *ret_new_stream);
AOTITorchError aoti_torch_stream_id(StreamHandle stream, int64_t *ret_stream_id);
AOTITorchError aoti_torch_delete_stream(StreamHandle stream);

/* since 2.13 */

/* The accelerator's own stream (a cudaStream_t, ...). Borrowed. */
AOTITorchError torch_stream_native_handle(StreamHandle stream, void **ret_native_stream);

/* ---- Random number generators ---- */

/* New handle on the same generator state. */
AOTITorchError torch_new_generator_handle(
        AtenGeneratorHandle generator, AtenGeneratorHandle *ret_new_generator);
AOTITorchError torch_generator_get_device(
        AtenGeneratorHandle generator, int32_t *ret_device_type, int32_t *ret_device_index);
AOTITorchError torch_delete_generator(AtenGeneratorHandle generator);

/* since 2.10 */
/* ---- Threads ---- */

/*
 * The number of threads that an operator may use, and which of them the caller is (0 outside of
 * parallel work).
 */
AOTITorchError torch_get_num_threads(uint32_t *ret_num_threads);
AOTITorchError torch_get_thread_idx(uint32_t *ret_thread_index);

/* Works on [begin, end). Called from libtorch's threads. */
typedef void (*ParallelFunc)(int64_t begin, int64_t end, void *context);

/*
 * Splits [begin, end) into parts of at least grain_size, and returns when all have been worked on.
 */
AOTITorchError torch_parallel_for(
        int64_t begin, int64_t end, int64_t grain_size, ParallelFunc function, void *context);

#ifdef __cplusplus
}
#endif

#endif /* AOTI4J_AOTI_TORCH_H */
