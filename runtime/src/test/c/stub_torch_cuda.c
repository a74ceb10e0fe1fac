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

/*
 * at::cuda::CUDAGraph, by the names that a C++ compiler gives its members. It throws where this
 * counts a misuse.
 */
struct graph {
    cudaStream_t stream;
    cudaGraph_t captured;
};

void _ZN2at4cuda9CUDAGraphC1Eb(struct graph *self, bool keep_graph) {
    if (!keep_graph) {
        stub_misused("a graph that is not kept has none");
    }
    *self = (struct graph){NULL, NULL};
}

void _ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode(
        struct graph *self, uint64_t pool_first, uint64_t pool_second, int mode) {
    if (pool_first != 0 || pool_second != 0) {
        stub_misused("a capture into a pool of somebody else's");
    }
    self->stream = streams[stub_cuda_device()];
    cudaStreamBeginCapture(self->stream, (enum cudaStreamCaptureMode)mode);
    atomic_fetch_add(&stub_cuda_graphs, 1);
}

void _ZN2at4cuda9CUDAGraph11capture_endEv(struct graph *self) {
    if (streams[stub_cuda_device()] != self->stream
        || cudaStreamEndCapture(self->stream, &self->captured) != cudaSuccess) {
        stub_misused("the end of a capture that is broken, or of another stream's");
    }
}

cudaGraph_t _ZN2at4cuda9CUDAGraph14raw_cuda_graphEv(struct graph *self) {
    return self->captured;
}

void _ZN2at4cuda9CUDAGraphD1Ev(struct graph *self) {
    if (self->captured == NULL) {
        stub_misused("the pool of a capture that has not ended cannot be given back");
    }
    atomic_fetch_sub(&stub_cuda_graphs, 1);
}
