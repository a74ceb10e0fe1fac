/* A stand-in for libtorch_cuda.so: streams of threads, and the memory of tensors on devices. */
#include "aoti_torch_cuda.h"
#include "stub.h"
#include "stub_cuda.h"

#include <stdlib.h>

static _Thread_local cudaStream_t streams[4];

static void *allocate(size_t num_bytes, int device) {
    return stub_cuda_allocate(num_bytes, device, device < 0 ? NULL : streams[device]);
}

__attribute__((constructor)) static void loaded(void) {
    stub_allocate = allocate;
    stub_release = stub_cuda_release;
}

struct CUDAStreamGuardOpaque {
    int device_before;
    int device;
    cudaStream_t stream_before;
};

AOTITorchError aoti_torch_create_cuda_stream_guard(
        void *stream, int32_t device_index, CUDAStreamGuardHandle *ret_new_guard) {
    CUDAStreamGuardHandle guard = malloc(sizeof *guard);
    *guard = (struct CUDAStreamGuardOpaque){
            stub_cuda_device(), device_index, streams[device_index]};
    cudaSetDevice(device_index);
    streams[device_index] = stream;
    *ret_new_guard = guard;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_delete_cuda_stream_guard(CUDAStreamGuardHandle guard) {
    streams[guard->device] = guard->stream_before;
    cudaSetDevice(guard->device_before);
    free(guard);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_current_cuda_stream(int32_t device_index, void **ret_stream) {
    *ret_stream = streams[device_index];
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError torch_get_cuda_stream_from_pool(
        bool high_priority, int32_t device_index, void **ret_stream) {
    static cudaStream_t pool;
    (void)high_priority;
    (void)device_index;
    if (pool == NULL) {
        cudaStreamCreateWithFlags(&pool, cudaStreamNonBlocking);
        atomic_fetch_sub(&stub_cuda_streams, 1);
    }
    *ret_stream = pool;
    return AOTI_TORCH_SUCCESS;
}
