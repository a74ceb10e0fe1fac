/*
 * What the stubs for CUDA share. libc10_cuda.so plays the CUDA runtime and the devices' memory,
 * libtorch_cuda.so PyTorch's part for CUDA, libcuda.so.1 the driver.
 *
 * Device memory cannot be touched by the host: that is SIGSEGV. Work given to a stream is done when
 * somebody waits for it and not before, so that who does not wait gets what was there. Freeing or
 * handing on what such work still needs is counted as a misuse.
 */
#ifndef AOTI4J_STUB_CUDA_H
#define AOTI4J_STUB_CUDA_H

#include "cuda_runtime.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Settings ---- */

extern atomic_int_fast64_t stub_cuda_devices;    /* at least 1 */
extern atomic_int_fast64_t stub_cuda_capability; /* 90 for 9.0 */

/* Whether a run waits for its stream before it returns. */
extern atomic_int_fast64_t stub_cuda_waits_in_run;

/* ---- Counters ---- */

extern atomic_int_fast64_t stub_cuda_memory; /* blocks of devices and page-locked ones, now */
extern atomic_int_fast64_t stub_cuda_streams;
extern atomic_int_fast64_t stub_cuda_events;
extern atomic_int_fast64_t stub_cuda_pending; /* pieces of work that nobody has waited for */

extern atomic_int_fast64_t stub_cuda_graphs; /* executable ones, and PyTorch's pools for them */

/* ---- For PyTorch's part and the model ---- */

/* `device` is -1 for page-locked memory; `home` is whose order the memory is reused in. */
void *stub_cuda_allocate(size_t num_bytes, int device, cudaStream_t home);
void stub_cuda_release(void *memory);

/* Gives a stream a kernel: floats of `source` plus `addend`. */
void stub_cuda_add(
        float *destination, const float *source, size_t count, float addend, cudaStream_t stream);

/* The current device of the calling thread, and the stream that PyTorch uses on it. */
int stub_cuda_device(void);

#endif /* AOTI4J_STUB_CUDA_H */
