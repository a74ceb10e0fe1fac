/*
 * What is needed of the CUDA runtime, libcudart of CUDA 12 and 13.
 *
 * The library's name holds its major version, and it may be linked into another: so the functions
 * are called through addresses, as those of models are. Functions with a variant for per-thread
 * default streams are the plain ones here, as in PyTorch.
 *
 * Functions answer cudaSuccess, or an error of their own, or one of earlier asynchronous work;
 * results are written only on success. NVIDIA's manual of the CUDA runtime API says what each does.
 */
#ifndef AOTI4J_CUDA_RUNTIME_H
#define AOTI4J_CUDA_RUNTIME_H

#include "aoti_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef AOTI4J_WITHOUT_CUDA_TYPES

/* Those errors that a host tells apart. */
typedef enum cudaError {
    cudaSuccess = 0,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorNotReady = 600
} cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4 /* the addresses tell */
};

/* Which other calls are refused while the stream captures: of all threads, of this one, none. */
enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal = 0,
    cudaStreamCaptureModeThreadLocal = 1,
    cudaStreamCaptureModeRelaxed = 2
};

enum cudaStreamCaptureStatus {
    cudaStreamCaptureStatusNone = 0,
    cudaStreamCaptureStatusActive = 1,
    cudaStreamCaptureStatusInvalidated = 2
};

enum cudaMemoryType {
    cudaMemoryTypeUnregistered = 0,
    cudaMemoryTypeHost = 1,
    cudaMemoryTypeDevice = 2,
    cudaMemoryTypeManaged = 3
};

struct cudaPointerAttributes {
    enum cudaMemoryType type;
    int device;
    void *devicePointer;
    void *hostPointer;
    long reserved[8]; /* in CUDA 13 */
};

#define cudaHostAllocDefault 0x00
#define cudaHostAllocPortable 0x01 /* page-locked for all devices */
#define cudaHostRegisterDefault 0x00
#define cudaHostRegisterPortable 0x01
#define cudaHostRegisterReadOnly 0x08
#define cudaStreamNonBlocking 0x01 /* does not wait for the default stream, nor that for it */
#define cudaEventDefault 0x00
#define cudaEventBlockingSync 0x01 /* who waits sleeps */
#define cudaEventDisableTiming 0x02

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;
typedef struct CUgraph_st *cudaGraph_t;
typedef struct CUgraphExec_st *cudaGraphExec_t;

#endif /* AOTI4J_WITHOUT_CUDA_TYPES */

/* ---- Versions and devices ---- */

/* 1000 * major + 10 * minor; of the driver 0 where there is none. */
cudaError_t cudaRuntimeGetVersion(int *ret_version);
typedef cudaError_t (*cudaRuntimeGetVersion_fn)(int *ret_version);
AOTI4J_SAME_TYPE(cudaRuntimeGetVersion);
cudaError_t cudaDriverGetVersion(int *ret_version);
typedef cudaError_t (*cudaDriverGetVersion_fn)(int *ret_version);
AOTI4J_SAME_TYPE(cudaDriverGetVersion);

/*
 * cudaErrorInsufficientDriver where there is no driver or one older than the runtime,
 * cudaErrorNoDevice where there is no device.
 */
cudaError_t cudaGetDeviceCount(int *ret_count);
typedef cudaError_t (*cudaGetDeviceCount_fn)(int *ret_count);
AOTI4J_SAME_TYPE(cudaGetDeviceCount);

/* The calling thread's current device. */
cudaError_t cudaGetDevice(int *ret_device);
typedef cudaError_t (*cudaGetDevice_fn)(int *ret_device);
AOTI4J_SAME_TYPE(cudaGetDevice);
cudaError_t cudaSetDevice(int device);
typedef cudaError_t (*cudaSetDevice_fn)(int device);
AOTI4J_SAME_TYPE(cudaSetDevice);

/* Bytes of the current device, those in use by other processes counted as used. */
cudaError_t cudaMemGetInfo(size_t *ret_free, size_t *ret_total);
typedef cudaError_t (*cudaMemGetInfo_fn)(size_t *ret_free, size_t *ret_total);
AOTI4J_SAME_TYPE(cudaMemGetInfo);

/* Waits for all work of the current device. */
cudaError_t cudaDeviceSynchronize(void);
typedef cudaError_t (*cudaDeviceSynchronize_fn)(void);
AOTI4J_SAME_TYPE(cudaDeviceSynchronize);

/* ---- Errors ---- */

/* The thread's latest error, which is forgotten with that, unless it has broken the context. */
cudaError_t cudaGetLastError(void);
typedef cudaError_t (*cudaGetLastError_fn)(void);
AOTI4J_SAME_TYPE(cudaGetLastError);

/* Borrowed for ever; an unknown number has "unrecognized error code". */
const char *cudaGetErrorName(cudaError_t error);
typedef const char *(*cudaGetErrorName_fn)(cudaError_t error);
AOTI4J_SAME_TYPE(cudaGetErrorName);
const char *cudaGetErrorString(cudaError_t error);
typedef const char *(*cudaGetErrorString_fn)(cudaError_t error);
AOTI4J_SAME_TYPE(cudaGetErrorString);

/* ---- Memory ---- */

/* Of the current device. Freeing waits for all work of the device. */
cudaError_t cudaMalloc(void **ret_new_memory, size_t num_bytes);
typedef cudaError_t (*cudaMalloc_fn)(void **ret_new_memory, size_t num_bytes);
AOTI4J_SAME_TYPE(cudaMalloc);
cudaError_t cudaFree(void *memory);
typedef cudaError_t (*cudaFree_fn)(void *memory);
AOTI4J_SAME_TYPE(cudaFree);

/* Page-locked host memory. */
cudaError_t cudaHostAlloc(void **ret_new_memory, size_t num_bytes, unsigned int flags);
typedef cudaError_t (*cudaHostAlloc_fn)(
        void **ret_new_memory, size_t num_bytes, unsigned int flags);
AOTI4J_SAME_TYPE(cudaHostAlloc);
cudaError_t cudaFreeHost(void *memory);
typedef cudaError_t (*cudaFreeHost_fn)(void *memory);
AOTI4J_SAME_TYPE(cudaFreeHost);

/* Locks the pages of memory that is there. */
cudaError_t cudaHostRegister(void *memory, size_t num_bytes, unsigned int flags);
typedef cudaError_t (*cudaHostRegister_fn)(void *memory, size_t num_bytes, unsigned int flags);
AOTI4J_SAME_TYPE(cudaHostRegister);
cudaError_t cudaHostUnregister(void *memory);
typedef cudaError_t (*cudaHostUnregister_fn)(void *memory);
AOTI4J_SAME_TYPE(cudaHostUnregister);

/* Memory that CUDA does not know is no error: its type is cudaMemoryTypeUnregistered. */
cudaError_t cudaPointerGetAttributes(
        struct cudaPointerAttributes *ret_attributes, const void *memory);
typedef cudaError_t (*cudaPointerGetAttributes_fn)(
        struct cudaPointerAttributes *ret_attributes, const void *memory);
AOTI4J_SAME_TYPE(cudaPointerGetAttributes);

/*
 * With pageable host memory as the source the call returns when that has been read, as the target
 * when it has been written; otherwise maybe before the copy begins.
 */
cudaError_t cudaMemcpyAsync(
        void *destination, const void *source, size_t num_bytes, enum cudaMemcpyKind kind,
        cudaStream_t stream);
typedef cudaError_t (*cudaMemcpyAsync_fn)(
        void *destination, const void *source, size_t num_bytes, enum cudaMemcpyKind kind,
        cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaMemcpyAsync);
cudaError_t cudaMemsetAsync(void *memory, int value, size_t num_bytes, cudaStream_t stream);
typedef cudaError_t (*cudaMemsetAsync_fn)(
        void *memory, int value, size_t num_bytes, cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaMemsetAsync);

/* ---- Streams ---- */

/* New stream of the current device. A null stream is the device's default one. */
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *ret_new_stream, unsigned int flags);
typedef cudaError_t (*cudaStreamCreateWithFlags_fn)(
        cudaStream_t *ret_new_stream, unsigned int flags);
AOTI4J_SAME_TYPE(cudaStreamCreateWithFlags);

/* Does not wait: work in flight is finished all the same. */
cudaError_t cudaStreamDestroy(cudaStream_t stream);
typedef cudaError_t (*cudaStreamDestroy_fn)(cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaStreamDestroy);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
typedef cudaError_t (*cudaStreamSynchronize_fn)(cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaStreamSynchronize);

/* cudaErrorNotReady while work is in flight. */
cudaError_t cudaStreamQuery(cudaStream_t stream);
typedef cudaError_t (*cudaStreamQuery_fn)(cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaStreamQuery);

/* Lets what is given to the stream later wait for the event as it was last recorded. */
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags);
typedef cudaError_t (*cudaStreamWaitEvent_fn)(
        cudaStream_t stream, cudaEvent_t event, unsigned int flags);
AOTI4J_SAME_TYPE(cudaStreamWaitEvent);

/* ---- Events ---- */

/* New event of the current device; only streams of that device may record it. */
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *ret_new_event, unsigned int flags);
typedef cudaError_t (*cudaEventCreateWithFlags_fn)(cudaEvent_t *ret_new_event, unsigned int flags);
AOTI4J_SAME_TYPE(cudaEventCreateWithFlags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
typedef cudaError_t (*cudaEventDestroy_fn)(cudaEvent_t event);
AOTI4J_SAME_TYPE(cudaEventDestroy);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
typedef cudaError_t (*cudaEventRecord_fn)(cudaEvent_t event, cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaEventRecord);

/* cudaErrorNotReady while the work before it is in flight; one never recorded is ready. */
cudaError_t cudaEventQuery(cudaEvent_t event);
typedef cudaError_t (*cudaEventQuery_fn)(cudaEvent_t event);
AOTI4J_SAME_TYPE(cudaEventQuery);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
typedef cudaError_t (*cudaEventSynchronize_fn)(cudaEvent_t event);
AOTI4J_SAME_TYPE(cudaEventSynchronize);
cudaError_t cudaEventElapsedTime(float *ret_milliseconds, cudaEvent_t start, cudaEvent_t end);
typedef cudaError_t (*cudaEventElapsedTime_fn)(
        float *ret_milliseconds, cudaEvent_t start, cudaEvent_t end);
AOTI4J_SAME_TYPE(cudaEventElapsedTime);

/* ---- Graphs ---- */

/* What is given to the stream until the end is recorded and not done. */
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode);
typedef cudaError_t (*cudaStreamBeginCapture_fn)(
        cudaStream_t stream, enum cudaStreamCaptureMode mode);
AOTI4J_SAME_TYPE(cudaStreamBeginCapture);

/* Whether or not it succeeds the capture is over; a failed one has no graph. */
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *ret_new_graph);
typedef cudaError_t (*cudaStreamEndCapture_fn)(cudaStream_t stream, cudaGraph_t *ret_new_graph);
AOTI4J_SAME_TYPE(cudaStreamEndCapture);
cudaError_t cudaStreamIsCapturing(
        cudaStream_t stream, enum cudaStreamCaptureStatus *ret_status);
typedef cudaError_t (*cudaStreamIsCapturing_fn)(
        cudaStream_t stream, enum cudaStreamCaptureStatus *ret_status);
AOTI4J_SAME_TYPE(cudaStreamIsCapturing);

/* Exchanges the calling thread's mode with the one given. */
cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *mode);
typedef cudaError_t (*cudaThreadExchangeStreamCaptureMode_fn)(enum cudaStreamCaptureMode *mode);
AOTI4J_SAME_TYPE(cudaThreadExchangeStreamCaptureMode);

/* cudaGraphInstantiate has other parameters from CUDA 12 on; this is the same since 11.4. */
cudaError_t cudaGraphInstantiateWithFlags(
        cudaGraphExec_t *ret_new_exec, cudaGraph_t graph, unsigned long long flags);
typedef cudaError_t (*cudaGraphInstantiateWithFlags_fn)(
        cudaGraphExec_t *ret_new_exec, cudaGraph_t graph, unsigned long long flags);
AOTI4J_SAME_TYPE(cudaGraphInstantiateWithFlags);
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream);
typedef cudaError_t (*cudaGraphUpload_fn)(cudaGraphExec_t exec, cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaGraphUpload);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
typedef cudaError_t (*cudaGraphLaunch_fn)(cudaGraphExec_t exec, cudaStream_t stream);
AOTI4J_SAME_TYPE(cudaGraphLaunch);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
typedef cudaError_t (*cudaGraphExecDestroy_fn)(cudaGraphExec_t exec);
AOTI4J_SAME_TYPE(cudaGraphExecDestroy);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
typedef cudaError_t (*cudaGraphDestroy_fn)(cudaGraph_t graph);
AOTI4J_SAME_TYPE(cudaGraphDestroy);

#ifdef __cplusplus
}
#endif

#endif /* AOTI4J_CUDA_RUNTIME_H */
