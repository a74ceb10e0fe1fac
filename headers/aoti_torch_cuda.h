/*
 * What libtorch_cuda exports for hosts of compiled models: guards, streams, memory and errors of
 * CUDA devices.
 *
 * Results, ownership and "since" lines as in aoti_torch.h.
 */
#ifndef AOTI4J_AOTI_TORCH_CUDA_H
#define AOTI4J_AOTI_TORCH_CUDA_H

#include "aoti_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* since 2.10 */

/* ---- Guards ---- */
/*
 * A guard sets what is current for the calling thread, and puts back what was when it is deleted,
 * which has to happen on the same thread.
 */

typedef struct CUDAGuardOpaque *CUDAGuardHandle;
typedef struct CUDAStreamGuardOpaque *CUDAStreamGuardHandle;

AOTITorchError aoti_torch_create_cuda_guard(int32_t device_index, CUDAGuardHandle *ret_new_guard);
AOTITorchError aoti_torch_cuda_guard_set_index(CUDAGuardHandle guard, int32_t device_index);
AOTITorchError aoti_torch_delete_cuda_guard(CUDAGuardHandle guard);

/* `stream` is a cudaStream_t, borrowed. */
AOTITorchError aoti_torch_create_cuda_stream_guard(
        void *stream, int32_t device_index, CUDAStreamGuardHandle *ret_new_guard);
AOTITorchError aoti_torch_delete_cuda_stream_guard(CUDAStreamGuardHandle guard);

/* ---- Streams ---- */
/* Each a borrowed cudaStream_t of the device. */

AOTITorchError aoti_torch_get_current_cuda_stream(int32_t device_index, void **ret_stream);
AOTITorchError torch_set_current_cuda_stream(void *stream, int32_t device_index);
AOTITorchError torch_get_cuda_stream_from_pool(
        bool high_priority, int32_t device_index, void **ret_stream);
AOTITorchError torch_cuda_stream_synchronize(void *stream, int32_t device_index);

/* The cublasHandle_t of current device and stream. Borrowed. */
AOTITorchError torch_get_current_cuda_blas_handle(void **ret_handle);

/* ---- Memory ---- */

/* Device memory from PyTorch's caching allocator, for the current device and stream. */
AOTITorchError aoti_torch_cuda_caching_allocator_raw_alloc(
        uint64_t num_bytes, void **ret_new_memory);
AOTITorchError aoti_torch_cuda_caching_allocator_raw_delete(void *memory);

/* ---- Errors ---- */

/*
 * Looks at `error`, a cudaError_t. On a failure answers AOTI_TORCH_FAILURE and a message, new; the
 * place given is what the message names. With include_device_assertions it also looks for
 * assertions that kernels failed.
 */
AOTITorchError torch_c10_cuda_check_msg(
        int32_t error, const char *file, const char *function, uint32_t line,
        bool include_device_assertions, char **ret_new_message);
void torch_c10_cuda_free_error_msg(char *message);

#ifdef __cplusplus
}
#endif

#endif /* AOTI4J_AOTI_TORCH_CUDA_H */
