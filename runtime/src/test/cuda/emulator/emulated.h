/* What the emulated runtime and the emulated driver share. */
#ifndef EMULATED_H
#define EMULATED_H
#include <cuda.h>
#include <cuda_runtime_api.h>
typedef struct EmulatedLaunch {
    void (*perform)(const struct EmulatedLaunch *);
    unsigned long arguments[8];
} EmulatedLaunch;

/* Where the host may touch device memory; host memory is where it is. */
__attribute__((visibility("default"))) void *emulated_host_view(const void *address);
__attribute__((visibility("default"))) cudaError_t emulated_launch(cudaStream_t stream, EmulatedLaunch launch);
#endif
