/*
 * A CUDA runtime whose devices are host memory, so that a PyTorch built for CUDA runs its own
 * allocator, streams, copies and captures where there is no GPU.
 *
 * Device memory cannot be read or written by the host: a stray access is SIGSEGV. Work given to a
 * stream is done as late as can be, when somebody waits for it: who reuses memory without waiting
 * loses. Kernels compute nothing, but those of emulated_driver.c.
 */
#define _GNU_SOURCE
#include "emulated.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
#define MAX_DEVICES 8

typedef struct Block {
    char *address;
    char *shadow; /* device memory as the emulator sees it; null of host memory */
    size_t size;
    size_t mapped;
    int device;
    int owned;
    struct Block *next;
} Block;

typedef struct Op {
    enum { COPY, SET, LAUNCH, RECORD, WAIT, HOST, GRAPH } kind;
    void *to;
    const void *from;
    size_t size;
    int value;
    EmulatedLaunch launch;
    struct CUevent_st *event;
    struct CUstream_st *stream; /* to wait for */
    unsigned long ticket;
    cudaHostFn_t host;
    struct CUgraph_st *graph;
    struct Op *next;
} Op;

struct CUgraph_st {
    Op *first, **end;
    size_t count;
    unsigned long long id;
    int uses;
};

struct CUgraphExec_st {
    struct CUgraph_st *graph;
};

struct CUstream_st {
    int device;
    int blocking; /* waits for the default stream, and that for it */
    Op *first, **end;
    unsigned long given, done;
    struct CUgraph_st *capture;
    int captureOrigin, invalidated;
    enum cudaStreamCaptureMode mode;
    pthread_t capturer;
    struct CUstream_st *next;
};

struct CUevent_st {
    struct CUstream_st *stream;
    unsigned long ticket;
    struct CUgraph_st *capture;
    double time;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static Block *blocks;
static struct CUstream_st *streams;
static struct CUstream_st defaults[MAX_DEVICES];
static size_t used[MAX_DEVICES];
static unsigned long long captures;
static __thread int current;
static __thread cudaError_t last;
static __thread enum cudaStreamCaptureMode threadMode = cudaStreamCaptureModeGlobal;

static void enter(void) { pthread_mutex_lock(&lock); }

static cudaError_t leave(cudaError_t error) {
    pthread_mutex_unlock(&lock);
    if (error != cudaSuccess) {
        last = error;
    }
    return error;
}

static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : atoi(text);
}

static int deviceCount(void) {
    int count = number("EMULATED_CUDA_DEVICES", 1);
    return count < MAX_DEVICES ? count : MAX_DEVICES;
}

static size_t totalMemory(void) {
    return (size_t)number("EMULATED_CUDA_MEMORY_MIB", 16384) << 20;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static Block *find(const void *address) {
    for (Block *b = blocks; b != NULL; b = b->next) {
        if ((char *)address >= b->address && (char *)address < b->address + b->size) {
            return b;
        }
    }
    return NULL;
}

void *emulated_host_view(const void *address) {
    Block *b = find(address);
    return b == NULL || b->shadow == NULL ? (void *)address
                                          : b->shadow + ((char *)address - b->address);
}

/* ---- Streams: work is done in order, and no sooner than asked for ---- */

static void drain(struct CUstream_st *s, unsigned long ticket);

static struct CUstream_st *streamOf(cudaStream_t stream) {
    if (stream == NULL || stream == cudaStreamLegacy || stream == cudaStreamPerThread) {
        struct CUstream_st *s = &defaults[current];
        if (s->end == NULL) {
            s->device = current;
            s->blocking = 1;
            s->end = &s->first;
        }
        return s;
    }
    return stream;
}

static void perform(Op *op) {
    switch (op->kind) {
        case COPY:
            memmove(emulated_host_view(op->to), emulated_host_view(op->from), op->size);
            break;
        case SET:
            memset(emulated_host_view(op->to), op->value, op->size);
            break;
        case LAUNCH:
            if (op->launch.perform != NULL) {
                op->launch.perform(&op->launch);
            }
            break;
        case RECORD:
            op->event->time = now();
            break;
        case WAIT:
            drain(op->stream, op->ticket);
            break;
        case HOST:
            op->host(op->to);
            break;
        case GRAPH:
            for (Op *o = op->graph->first; o != NULL; o = o->next) {
                perform(o);
            }
            break;
    }
}

static void drain(struct CUstream_st *s, unsigned long ticket) {
    while (s->first != NULL && s->done < ticket) {
        Op *op = s->first;
        s->first = op->next;
        if (s->first == NULL) {
            s->end = &s->first;
        }
        perform(op);
        s->done++;
        free(op);
    }
}

static void drainDevice(int device) {
    drain(&defaults[device], defaults[device].given);
    for (struct CUstream_st *s = streams; s != NULL; s = s->next) {
        if (s->device == device) {
            drain(s, s->given);
        }
    }
}

static cudaError_t give(cudaStream_t to, Op op) {
    struct CUstream_st *s = streamOf(to);
    Op *copy = malloc(sizeof op);
    *copy = op;
    copy->next = NULL;
    if (s->capture != NULL) {
        s->invalidated |= op.kind == LAUNCH && getenv("EMULATED_CUDA_BREAK_CAPTURE") != NULL;
        *s->capture->end = copy;
        s->capture->end = &copy->next;
        s->capture->count++;
        return cudaSuccess;
    }
    if (s->blocking) {
        struct CUstream_st *legacy = &defaults[s->device];
        if (s != legacy) {
            drain(legacy, legacy->given);
        } else {
            for (struct CUstream_st *o = streams; o != NULL; o = o->next) {
                if (o->device == s->device && o->blocking && o->capture == NULL) {
                    drain(o, o->given);
                }
            }
        }
    }
    *s->end = copy;
    s->end = &copy->next;
    s->given++;
    return cudaSuccess;
}

/* Calls that would wait, or allocate, break a capture that forbids them. */
static cudaError_t unsafeCall(void) {
    cudaError_t result = cudaSuccess;
    if (threadMode == cudaStreamCaptureModeRelaxed) {
        return result;
    }
    for (struct CUstream_st *s = streams; s != NULL; s = s->next) {
        if (s->capture != NULL && s->captureOrigin
            && (s->mode == cudaStreamCaptureModeGlobal
                || (s->mode == cudaStreamCaptureModeThreadLocal
                    && pthread_equal(s->capturer, pthread_self())))) {
            s->invalidated = 1;
            result = cudaErrorStreamCaptureUnsupported;
        }
    }
    return result;
}

API cudaError_t cudaStreamCreateWithPriority(cudaStream_t *out, unsigned int flags, int priority) {
    (void)priority;
    enter();
    struct CUstream_st *s = calloc(1, sizeof *s);
    s->device = current;
    s->blocking = !(flags & cudaStreamNonBlocking);
    s->end = &s->first;
    s->next = streams;
    streams = s;
    *out = s;
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned int flags) {
    return cudaStreamCreateWithPriority(out, flags, 0);
}

API cudaError_t cudaStreamCreate(cudaStream_t *out) {
    return cudaStreamCreateWithPriority(out, 0, 0);
}

API cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    enter();
    drain(stream, stream->given);
    for (struct CUstream_st **s = &streams; *s != NULL; s = &(*s)->next) {
        if (*s == stream) {
            *s = stream->next; /* not freed: events may name it */
            break;
        }
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    if (s->capture != NULL) {
        s->invalidated = 1;
        return leave(cudaErrorStreamCaptureUnsupported);
    }
    cudaError_t refused = unsafeCall();
    if (refused != cudaSuccess) {
        return leave(refused);
    }
    drain(s, s->given);
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamQuery(cudaStream_t stream) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    if (s->done < s->given) {
        drain(s, s->done + 1);
        return leave(cudaErrorNotReady);
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamGetPriority(cudaStream_t stream, int *priority) {
    (void)stream;
    *priority = 0;
    return cudaSuccess;
}

API cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}

API cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
    (void)flags;
    enter();
    struct CUstream_st *s = streamOf(stream);
    if (event->capture != NULL) {
        s->capture = event->capture; /* joins */
        return leave(cudaSuccess);
    }
    if (event->stream == NULL) {
        return leave(cudaSuccess);
    }
    if (s->capture != NULL) {
        s->invalidated = 1;
        return leave(cudaErrorStreamCaptureIsolation);
    }
    Op op = {.kind = WAIT, .stream = event->stream, .ticket = event->ticket};
    return leave(give(stream, op));
}

API cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t fn, void *data) {
    enter();
    Op op = {.kind = HOST, .host = fn, .to = data};
    return leave(give(stream, op));
}

/* ---- Events ---- */

API cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned int flags) {
    (void)flags;
    *out = calloc(1, sizeof **out);
    return cudaSuccess;
}

API cudaError_t cudaEventCreate(cudaEvent_t *out) { return cudaEventCreateWithFlags(out, 0); }

API cudaError_t cudaEventDestroy(cudaEvent_t event) {
    enter();
    if (event->stream != NULL) {
        drain(event->stream, event->ticket);
    }
    free(event);
    return leave(cudaSuccess);
}

API cudaError_t cudaEventRecordWithFlags(
        cudaEvent_t event, cudaStream_t stream, unsigned int flags) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    event->capture = s->capture;
    if (s->capture != NULL && flags != cudaEventRecordExternal) {
        return leave(cudaSuccess);
    }
    Op op = {.kind = RECORD, .event = event};
    give(stream, op);
    event->stream = s;
    event->ticket = s->given;
    return leave(cudaSuccess);
}

API cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return cudaEventRecordWithFlags(event, stream, 0);
}

API cudaError_t cudaEventQuery(cudaEvent_t event) {
    enter();
    cudaError_t refused = event->capture != NULL ? unsafeCall() : cudaSuccess;
    if (refused != cudaSuccess) {
        return leave(refused);
    }
    if (event->stream != NULL && event->stream->done < event->ticket) {
        drain(event->stream, event->stream->done + 1);
        return leave(cudaErrorNotReady);
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    enter();
    cudaError_t refused = unsafeCall();
    if (refused != cudaSuccess) {
        return leave(refused);
    }
    if (event->stream != NULL) {
        drain(event->stream, event->ticket);
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end) {
    if (start->time == 0 || end->time == 0) {
        return leave((enter(), cudaErrorNotReady));
    }
    *ms = (float)(end->time - start->time);
    return cudaSuccess;
}

/* ---- Memory ---- */

static Block *add(void *address, void *shadow, size_t size, size_t mapped, int owned) {
    Block *b = calloc(1, sizeof *b);
    *b = (Block){address, shadow, size, mapped, current, owned, blocks};
    blocks = b;
    return b;
}

static Block *take(void *address) {
    for (Block **b = &blocks; *b != NULL; b = &(*b)->next) {
        if ((*b)->address == address) {
            Block *found = *b;
            *b = found->next;
            return found;
        }
    }
    return NULL;
}

API cudaError_t cudaMalloc(void **out, size_t size) {
    enter();
    cudaError_t refused = unsafeCall();
    if (refused != cudaSuccess) {
        return leave(refused);
    }
    size_t mapped = (size + 0x1FFFFF) & ~(size_t)0x1FFFFF;
    if (size == 0) {
        *out = NULL;
        return leave(cudaSuccess);
    }
    if (used[current] + mapped > totalMemory()) {
        return leave(cudaErrorMemoryAllocation);
    }
    int file = memfd_create("emulated_device", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)mapped) != 0) {
        abort();
    }
    void *device = mmap(NULL, mapped, PROT_NONE, MAP_SHARED, file, 0);
    void *shadow = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (device == MAP_FAILED || shadow == MAP_FAILED) {
        abort();
    }
    used[current] += mapped;
    add(device, shadow, size, mapped, 1);
    *out = device;
    return leave(cudaSuccess);
}

API cudaError_t cudaFree(void *address) {
    if (address == NULL) {
        return cudaSuccess;
    }
    enter();
    cudaError_t refused = unsafeCall();
    if (refused != cudaSuccess) {
        return leave(refused);
    }
    Block *b = find(address);
    if (b == NULL || b->address != address || b->shadow == NULL) {
        return leave(cudaErrorInvalidValue);
    }
    drainDevice(b->device);
    take(address);
    used[b->device] -= b->mapped;
    munmap(b->address, b->mapped);
    munmap(b->shadow, b->mapped);
    free(b);
    return leave(cudaSuccess);
}

API cudaError_t cudaHostAlloc(void **out, size_t size, unsigned int flags) {
    (void)flags;
    enter();
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return leave(cudaErrorMemoryAllocation);
    }
    add(memory, NULL, size, size, 1);
    *out = memory;
    return leave(cudaSuccess);
}

API cudaError_t cudaFreeHost(void *address) {
    if (address == NULL) {
        return cudaSuccess;
    }
    enter();
    drainDevice(current);
    Block *b = take(address);
    if (b == NULL) {
        return leave(cudaErrorInvalidValue);
    }
    munmap(b->address, b->mapped);
    free(b);
    return leave(cudaSuccess);
}

API cudaError_t cudaHostRegister(void *address, size_t size, unsigned int flags) {
    (void)flags;
    enter();
    if (find(address) != NULL) {
        return leave(cudaErrorHostMemoryAlreadyRegistered);
    }
    add(address, NULL, size, size, 0);
    return leave(cudaSuccess);
}

API cudaError_t cudaHostUnregister(void *address) {
    enter();
    Block *b = take(address);
    if (b == NULL) {
        return leave(cudaErrorHostMemoryNotRegistered);
    }
    free(b);
    return leave(cudaSuccess);
}

API cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *out, const void *address) {
    enter();
    Block *b = find(address);
    memset(out, 0, sizeof *out);
    out->device = b == NULL ? -2 : b->device;
    if (b != NULL) {
        out->type = b->shadow == NULL ? cudaMemoryTypeHost : cudaMemoryTypeDevice;
        out->devicePointer = (void *)address;
        out->hostPointer = b->shadow == NULL ? (void *)address : NULL;
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaMemcpyAsync(
        void *to, const void *from, size_t size, enum cudaMemcpyKind kind, cudaStream_t stream) {
    (void)kind;
    enter();
    struct CUstream_st *s = streamOf(stream);
    Op op = {.kind = COPY, .to = to, .from = from, .size = size};
    give(stream, op);
    if (s->capture == NULL && (find(to) == NULL || find(from) == NULL)) {
        drain(s, s->given); /* pageable host memory */
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaMemcpy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind) {
    cudaError_t error = cudaMemcpyAsync(to, from, size, kind, NULL);
    return error == cudaSuccess ? cudaStreamSynchronize(NULL) : error;
}

API cudaError_t cudaMemcpy2DAsync(
        void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height,
        enum cudaMemcpyKind kind, cudaStream_t stream) {
    for (size_t i = 0; i < height; i++) {
        cudaMemcpyAsync(
                (char *)to + i * toPitch, (const char *)from + i * fromPitch, width, kind, stream);
    }
    return cudaSuccess;
}

API cudaError_t cudaMemcpyPeerAsync(
        void *to, int toDevice, const void *from, int fromDevice, size_t size,
        cudaStream_t stream) {
    (void)toDevice;
    (void)fromDevice;
    return cudaMemcpyAsync(to, from, size, cudaMemcpyDeviceToDevice, stream);
}

API cudaError_t cudaMemsetAsync(void *to, int value, size_t size, cudaStream_t stream) {
    enter();
    Op op = {.kind = SET, .to = to, .value = value, .size = size};
    return leave(give(stream, op));
}

API cudaError_t cudaMemset(void *to, int value, size_t size) {
    return cudaMemsetAsync(to, value, size, NULL);
}

API cudaError_t cudaMemGetInfo(size_t *free, size_t *total) {
    enter();
    *total = totalMemory();
    *free = totalMemory() - used[current];
    return leave(cudaSuccess);
}

/* ---- Kernels ---- */

cudaError_t emulated_launch(cudaStream_t stream, EmulatedLaunch launch) {
    enter();
    Op op = {.kind = LAUNCH, .launch = launch};
    return leave(give(stream, op));
}

API cudaError_t cudaLaunchKernel(
        const void *f, dim3 grid, dim3 block, void **args, size_t shared, cudaStream_t stream) {
    (void)f;
    (void)grid;
    (void)block;
    (void)args;
    (void)shared;
    return emulated_launch(stream, (EmulatedLaunch){0});
}

API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *f, void **args) {
    (void)f;
    (void)args;
    return emulated_launch(config->stream, (EmulatedLaunch){0});
}

API cudaError_t __cudaLaunchKernel(
        cudaKernel_t f, dim3 grid, dim3 block, void **args, size_t shared, cudaStream_t stream) {
    return cudaLaunchKernel(f, grid, block, args, shared, stream);
}

static __thread struct { dim3 grid, block; size_t shared; void *stream; } configuration;

API unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream) {
    configuration.grid = grid;
    configuration.block = block;
    configuration.shared = shared;
    configuration.stream = stream;
    return 0;
}

API cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
    *grid = configuration.grid;
    *block = configuration.block;
    *shared = configuration.shared;
    *(void **)stream = configuration.stream;
    return cudaSuccess;
}

API void **__cudaRegisterFatBinary(void *binary) { (void)binary; return malloc(8); }
API void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
API void __cudaUnregisterFatBinary(void **handle) { free(handle); }
API char __cudaInitModule(void **handle) { (void)handle; return 1; }
API void __cudaRegisterFunction(
        void **handle, const char *host, char *device, const char *name, int limit, void *tid,
        void *bid, void *block, void *grid, int *size) {
    (void)handle, (void)host, (void)device, (void)name, (void)limit, (void)tid, (void)bid;
    (void)block, (void)grid, (void)size;
}
API void __cudaRegisterVar(
        void **handle, char *host, char *device, const char *name, int ext, size_t size,
        int constant, int global) {
    (void)handle, (void)host, (void)device, (void)name, (void)ext, (void)size, (void)constant;
    (void)global;
}
API cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *f) {
    *kernel = (cudaKernel_t)f;
    return cudaSuccess;
}
API cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *f) {
    (void)f;
    memset(attributes, 0, sizeof *attributes);
    attributes->maxThreadsPerBlock = 1024;
    return cudaSuccess;
}
API cudaError_t cudaFuncSetAttribute(const void *f, enum cudaFuncAttribute a, int value) {
    (void)f, (void)a, (void)value;
    return cudaSuccess;
}
API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        int *blocks_, const void *f, int size, size_t shared, unsigned int flags) {
    (void)f, (void)size, (void)shared, (void)flags;
    *blocks_ = 2;
    return cudaSuccess;
}

/* ---- Captures and graphs ---- */

API cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    if (s == &defaults[current] || s->capture != NULL) {
        return leave(cudaErrorStreamCaptureUnsupported);
    }
    s->capture = calloc(1, sizeof *s->capture);
    s->capture->end = &s->capture->first;
    s->capture->id = ++captures;
    s->capture->uses = 1;
    s->captureOrigin = 1;
    s->invalidated = 0;
    s->mode = mode;
    s->capturer = pthread_self();
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    *out = NULL;
    if (s->capture == NULL || !s->captureOrigin) {
        return leave(cudaErrorIllegalState);
    }
    struct CUgraph_st *graph = s->capture;
    int invalidated = 0;
    for (struct CUstream_st *o = streams; o != NULL; o = o->next) {
        if (o->capture == graph) {
            invalidated |= o->invalidated;
            o->capture = NULL;
            o->captureOrigin = 0;
            o->invalidated = 0;
        }
    }
    if (invalidated) {
        return leave(cudaErrorStreamCaptureInvalidated);
    }
    *out = graph;
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamIsCapturing(
        cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    *status = s->capture == NULL ? cudaStreamCaptureStatusNone
              : s->invalidated   ? cudaStreamCaptureStatusInvalidated
                                 : cudaStreamCaptureStatusActive;
    return leave(cudaSuccess);
}

API cudaError_t cudaStreamGetCaptureInfo(
        cudaStream_t stream, enum cudaStreamCaptureStatus *status, unsigned long long *id,
        cudaGraph_t *graph, const cudaGraphNode_t **dependencies, const cudaGraphEdgeData **edges,
        size_t *count) {
    enter();
    struct CUstream_st *s = streamOf(stream);
    cudaStreamIsCapturing(stream, status);
    if (s->capture != NULL) {
        if (id != NULL) *id = s->capture->id;
        if (graph != NULL) *graph = s->capture;
        if (dependencies != NULL) *dependencies = NULL;
        if (edges != NULL) *edges = NULL;
        if (count != NULL) *count = 0;
    }
    return leave(cudaSuccess);
}

API cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *mode) {
    enum cudaStreamCaptureMode before = threadMode;
    threadMode = *mode;
    *mode = before;
    return cudaSuccess;
}

static void letGo(struct CUgraph_st *graph) {
    if (--graph->uses == 0) {
        for (Op *op = graph->first; op != NULL;) {
            Op *next = op->next;
            free(op);
            op = next;
        }
        free(graph);
    }
}

API cudaError_t cudaGraphInstantiateWithFlags(
        cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags) {
    (void)flags;
    enter();
    *out = malloc(sizeof **out);
    (*out)->graph = graph;
    graph->uses++;
    return leave(cudaSuccess);
}

API cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream) {
    (void)exec, (void)stream;
    return cudaSuccess;
}

API cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    enter();
    Op op = {.kind = GRAPH, .graph = exec->graph};
    return leave(give(stream, op));
}

API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    enter();
    drainDevice(current);
    letGo(exec->graph);
    free(exec);
    return leave(cudaSuccess);
}

API cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    enter();
    letGo(graph);
    return leave(cudaSuccess);
}

API cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
    if (nodes != NULL) {
        memset(nodes, 0, *count * sizeof *nodes);
    }
    *count = graph->count;
    return cudaSuccess;
}

/* ---- Devices, versions, errors ---- */

API cudaError_t cudaGetDeviceCount(int *count) {
    *count = deviceCount();
    return *count == 0 ? leave((enter(), cudaErrorNoDevice)) : cudaSuccess;
}
API cudaError_t cudaGetDevice(int *device) { *device = current; return cudaSuccess; }
API cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= deviceCount()) {
        return leave((enter(), cudaErrorInvalidDevice));
    }
    current = device;
    return cudaSuccess;
}
API cudaError_t cudaDeviceSynchronize(void) {
    enter();
    cudaError_t refused = unsafeCall();
    if (refused == cudaSuccess) {
        drainDevice(current);
    }
    return leave(refused);
}
API cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device) {
    (void)device;
    int capability = number("EMULATED_CUDA_CAPABILITY", 90);
    switch (attribute) {
        case cudaDevAttrComputeCapabilityMajor: *value = capability / 10; break;
        case cudaDevAttrComputeCapabilityMinor: *value = capability % 10; break;
        case cudaDevAttrMultiProcessorCount: *value = 132; break;
        case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        default: *value = 0;
    }
    return cudaSuccess;
}
API cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device) {
    int capability = number("EMULATED_CUDA_CAPABILITY", 90);
    memset(p, 0, sizeof *p);
    strcpy(p->name, "Emulated device");
    p->uuid.bytes[0] = (char)device;
    p->totalGlobalMem = totalMemory();
    p->sharedMemPerBlock = 49152;
    p->sharedMemPerBlockOptin = 232448;
    p->sharedMemPerMultiprocessor = 233472;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->warpSize = 32;
    p->maxThreadsPerBlock = 1024;
    p->maxThreadsPerMultiProcessor = 2048;
    p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = 2147483647;
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    p->major = capability / 10;
    p->minor = capability % 10;
    p->multiProcessorCount = 132;
    p->l2CacheSize = 52428800;
    p->unifiedAddressing = p->canMapHostMemory = p->concurrentKernels = 1;
    return cudaSuccess;
}
API cudaError_t cudaDeviceGetPCIBusId(char *id, int length, int device) {
    snprintf(id, (size_t)length, "0000:%02x:00.0", device + 1);
    return cudaSuccess;
}
API cudaError_t cudaRuntimeGetVersion(int *version) { *version = CUDART_VERSION; return cudaSuccess; }
API cudaError_t cudaDriverGetVersion(int *version) { *version = CUDART_VERSION; return cudaSuccess; }
API cudaError_t cudaGetLastError(void) { cudaError_t e = last; last = cudaSuccess; return e; }
API cudaError_t cudaPeekAtLastError(void) { return last; }
API const char *cudaGetErrorName(cudaError_t error) {
    switch ((int)error) {
        case cudaSuccess: return "cudaSuccess";
        case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
        case cudaErrorNotReady: return "cudaErrorNotReady";
        case cudaErrorNoDevice: return "cudaErrorNoDevice";
        case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
        case cudaErrorStreamCaptureInvalidated: return "cudaErrorStreamCaptureInvalidated";
        default: return "cudaErrorUnknown";
    }
}
API const char *cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }
API cudaError_t cudaDeviceCanAccessPeer(int *can, int a, int b) {
    *can = a != b;
    return cudaSuccess;
}
API cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned int flags) {
    (void)peer, (void)flags;
    return cudaSuccess;
}
API cudaError_t cudaGetDriverEntryPointByVersion(
        const char *symbol, void **f, unsigned int version, unsigned long long flags,
        enum cudaDriverEntryPointQueryResult *status) {
    (void)version, (void)flags;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    *f = driver == NULL ? NULL : dlsym(driver, symbol);
    if (status != NULL) {
        *status = *f == NULL ? cudaDriverEntryPointSymbolNotFound : cudaDriverEntryPointSuccess;
    }
    return cudaSuccess;
}

