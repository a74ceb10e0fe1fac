/* A stand-in for the CUDA runtime; see stub_cuda.h. Streams and blocks are never freed. */
#define _GNU_SOURCE
#include "stub_cuda.h"

#include "stub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

atomic_int_fast64_t stub_cuda_devices = 1;
atomic_int_fast64_t stub_cuda_capability = 90;
atomic_int_fast64_t stub_cuda_waits_in_run;
atomic_int_fast64_t stub_cuda_memory;
atomic_int_fast64_t stub_cuda_streams;
atomic_int_fast64_t stub_cuda_events;
atomic_int_fast64_t stub_cuda_pending;
atomic_int_fast64_t stub_cuda_graphs;

#define MAX_DEVICES 4

struct block {
    char *address;
    char *view; /* the same memory, for the device's eyes; of page-locked memory the address */
    size_t size;
    int device;
    cudaStream_t home;
    bool alive;
    struct block *next;
};

struct CUevent_st {
    bool alive;
    int device;
    int64_t recorded; /* how often */
    int64_t done;     /* the latest of these that has been reached */
    cudaStream_t stream;
};

struct op {
    enum { COPY, ADD, RECORD, WAIT, GRAPH } kind;
    char *to;
    const char *from;
    size_t size;
    float addend;
    cudaEvent_t event;
    int64_t ticket;
    struct op *next;
    struct CUgraph_st *graph;
};

struct CUgraph_st {
    struct op *first, *last;
};

struct CUstream_st {
    bool alive;
    int device;
    struct op *first, *last;
    struct CUgraph_st *capture; /* gets the work instead */
    bool broken;                /* the capture */
    bool kept;                  /* for ever, as one for captures is, and so not counted */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
static struct CUstream_st defaults[MAX_DEVICES] = {
    {.alive = true, .device = 0}, {.alive = true, .device = 1}, {.alive = true, .device = 2},
    {.alive = true, .device = 3}};
static struct CUstream_st *made[256];
static int made_count;
static _Thread_local int current;
static _Thread_local cudaError_t last;

static cudaError_t failed(cudaError_t error) {
    last = error;
    return error;
}

#define FAIL_IF_TOLD()                                \
    do {                                              \
        if (stub_fails(__func__)) {                   \
            return failed(cudaErrorMemoryAllocation); \
        }                                             \
    } while (0)

static struct CUstream_st *stream_of(cudaStream_t stream) {
    if (stream == NULL) {
        return &defaults[current];
    }
    if (!stream->alive) {
        stub_misused("use of a stream after its end");
    }
    return stream;
}

/* ---- Memory ---- */

static struct block *block_of(const void *address) {
    for (struct block *b = blocks; b != NULL; b = b->next) {
        if ((const char *)address >= b->address && (const char *)address < b->address + b->size) {
            return b;
        }
    }
    return NULL;
}

/* Where the device's work finds memory; that of the host is where it is. */
static char *view(const void *address) {
    struct block *b = block_of(address);
    return b == NULL ? (char *)address : b->view + ((const char *)address - b->address);
}

void *stub_cuda_allocate(size_t num_bytes, int device, cudaStream_t home) {
    struct block *b = calloc(1, sizeof *b);
    b->size = num_bytes == 0 ? 1 : num_bytes;
    b->device = device;
    b->home = home;
    b->alive = true;
    if (device < 0) {
        b->address = b->view = malloc(b->size);
    } else {
        int file = memfd_create("device", 0);
        if (ftruncate(file, (off_t)b->size) != 0) {
            abort();
        }
        b->address = mmap(NULL, b->size, PROT_NONE, MAP_SHARED, file, 0);
        b->view = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    memset(b->view, 0xee, b->size);
    pthread_mutex_lock(&mutex);
    b->next = blocks;
    blocks = b;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_add(&stub_cuda_memory, 1);
    return b->address;
}

static bool touches(const struct op *op, const struct block *b) {
    if (op->kind == GRAPH) {
        for (struct op *each = op->graph->first; each != NULL; each = each->next) {
            if (touches(each, b)) {
                return true;
            }
        }
        return false;
    }
    return op->kind <= ADD
            && (block_of(op->to) == b || block_of(op->from) == b);
}

static void require_unused(const struct CUstream_st *stream, const struct block *b) {
    for (struct op *op = stream->first; op != NULL; op = op->next) {
        if (touches(op, b)) {
            stub_misused("memory freed while work of another stream needs it");
        }
    }
}

void stub_cuda_release(void *memory) {
    pthread_mutex_lock(&mutex);
    struct block *b = block_of(memory);
    if (b == NULL || !b->alive) {
        stub_misused("memory of a device freed twice");
    } else {
        for (int i = 0; i < MAX_DEVICES; i++) {
            /* Work of the stream that gets the memory next is done before that uses it. */
            if (b->device != i || b->home != NULL) {
                require_unused(&defaults[i], b);
            }
        }
        for (int i = 0; i < made_count; i++) {
            if (b->device < 0 || made[i] != b->home) {
                require_unused(made[i], b);
            }
        }
        b->alive = false;
        atomic_fetch_sub(&stub_cuda_memory, 1);
    }
    pthread_mutex_unlock(&mutex);
}

cudaError_t cudaMemGetInfo(size_t *ret_free, size_t *ret_total) {
    *ret_total = (size_t)1 << 30;
    *ret_free = *ret_total - 4096 * (size_t)atomic_load(&stub_cuda_memory);
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(
        struct cudaPointerAttributes *ret_attributes, const void *memory) {
    pthread_mutex_lock(&mutex);
    struct block *b = block_of(memory);
    ret_attributes->type = b == NULL          ? cudaMemoryTypeUnregistered
                           : b->device < 0    ? cudaMemoryTypeHost
                                              : cudaMemoryTypeDevice;
    ret_attributes->device = b == NULL || b->device < 0 ? 0 : b->device;
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

/* ---- Work ---- */

static void perform(struct CUstream_st *stream);

static void perform_until(cudaEvent_t event, int64_t ticket) {
    while (event->done < ticket && event->stream->first != NULL) {
        perform(event->stream);
    }
}

static void perform_op(struct op *op) {
    switch (op->kind) {
    case COPY:
        memcpy(view(op->to), view(op->from), op->size);
        break;
    case ADD:
        for (size_t i = 0; i < op->size / sizeof(float); i++) {
            ((float *)view(op->to))[i] = ((const float *)view(op->from))[i] + op->addend;
        }
        break;
    case RECORD:
        op->event->done = op->ticket;
        break;
    case WAIT:
        perform_until(op->event, op->ticket);
        break;
    case GRAPH:
        for (struct op *each = op->graph->first; each != NULL; each = each->next) {
            perform_op(each);
        }
        break;
    }
}

/* Does the first piece of work of a stream. */
static void perform(struct CUstream_st *stream) {
    struct op *op = stream->first;
    perform_op(op);
    stream->first = op->next;
    free(op);
    atomic_fetch_sub(&stub_cuda_pending, 1);
}

static void finish(struct CUstream_st *stream) {
    while (stream->first != NULL) {
        perform(stream);
    }
}

static struct op *give(struct CUstream_st *stream, struct op op) {
    struct op *copy = malloc(sizeof *copy);
    *copy = op;
    copy->next = NULL;
    if (stream->capture != NULL) {
        struct CUgraph_st *graph = stream->capture;
        if (graph->first == NULL) {
            graph->first = copy;
        } else {
            graph->last->next = copy;
        }
        graph->last = copy;
        return copy;
    }
    if (stream->first == NULL) {
        stream->first = copy;
    } else {
        stream->last->next = copy;
    }
    stream->last = copy;
    atomic_fetch_add(&stub_cuda_pending, 1);
    return copy;
}

cudaError_t cudaMemcpyAsync(
        void *destination, const void *source, size_t num_bytes, enum cudaMemcpyKind kind,
        cudaStream_t stream) {
    FAIL_IF_TOLD();
    (void)kind;
    pthread_mutex_lock(&mutex);
    struct CUstream_st *queue = stream_of(stream);
    struct block *to = block_of(destination);
    struct block *from = block_of(source);
    if ((to != NULL && !to->alive) || (from != NULL && !from->alive)) {
        stub_misused("a copy of memory that has been freed");
    }
    give(queue, (struct op){.kind = COPY, .to = destination, .from = source, .size = num_bytes});
    if (to == NULL || from == NULL) {
        /* Pageable memory. */
        queue->broken |= queue->capture != NULL;
        finish(queue);
    }
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

void stub_cuda_add(
        float *destination, const float *source, size_t count, float addend,
        cudaStream_t stream) {
    pthread_mutex_lock(&mutex);
    struct block *from = block_of(source);
    if (from == NULL || !from->alive) {
        stub_misused("a kernel on memory that is on no device");
    } else {
        give(stream_of(stream),
                (struct op){.kind = ADD, .to = (char *)destination, .from = (const char *)source,
                        .size = count * sizeof(float), .addend = addend});
    }
    pthread_mutex_unlock(&mutex);
}

/* ---- Devices ---- */

int stub_cuda_device(void) {
    return current;
}

cudaError_t cudaGetDeviceCount(int *ret_count) {
    *ret_count = (int)atomic_load(&stub_cuda_devices);
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *ret_device) {
    *ret_device = current;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= atomic_load(&stub_cuda_devices)) {
        return failed(cudaErrorInvalidDevice);
    }
    current = device;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize(void) {
    pthread_mutex_lock(&mutex);
    finish(&defaults[current]);
    for (int i = 0; i < made_count; i++) {
        if (made[i]->device == current) {
            finish(made[i]);
        }
    }
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *ret_version) {
    *ret_version = 13000;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *ret_version) {
    *ret_version = 13000;
    return cudaSuccess;
}

/* ---- Streams and events ---- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *ret_new_stream, unsigned int flags) {
    FAIL_IF_TOLD();
    (void)flags;
    struct CUstream_st *stream = calloc(1, sizeof *stream);
    stream->alive = true;
    stream->device = current;
    pthread_mutex_lock(&mutex);
    made[made_count++] = stream;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_add(&stub_cuda_streams, 1);
    *ret_new_stream = stream;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    pthread_mutex_lock(&mutex);
    finish(stream_of(stream));
    stream->alive = false;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_sub(&stub_cuda_streams, 1);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    FAIL_IF_TOLD();
    pthread_mutex_lock(&mutex);
    if (stream_of(stream)->capture != NULL) {
        stream->broken = true;
        pthread_mutex_unlock(&mutex);
        return failed(cudaErrorInvalidDevice);
    }
    finish(stream_of(stream));
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    return stream_of(stream)->first == NULL ? cudaSuccess : failed(cudaErrorNotReady);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *ret_new_event, unsigned int flags) {
    FAIL_IF_TOLD();
    (void)flags;
    cudaEvent_t event = calloc(1, sizeof *event);
    event->alive = true;
    event->device = current;
    atomic_fetch_add(&stub_cuda_events, 1);
    *ret_new_event = event;
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    if (!event->alive) {
        stub_misused("an event destroyed twice");
    }
    event->alive = false;
    atomic_fetch_sub(&stub_cuda_events, 1);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    FAIL_IF_TOLD();
    pthread_mutex_lock(&mutex);
    struct CUstream_st *queue = stream_of(stream);
    if (!event->alive || event->device != queue->device) {
        stub_misused("an event recorded after its end, or on another device's stream");
    }
    event->stream = queue;
    give(queue, (struct op){.kind = RECORD, .event = event, .ticket = ++event->recorded});
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
    (void)flags;
    pthread_mutex_lock(&mutex);
    give(stream_of(stream),
            (struct op){.kind = WAIT, .event = event, .ticket = event->recorded});
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    return event->done == event->recorded ? cudaSuccess : failed(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    FAIL_IF_TOLD();
    pthread_mutex_lock(&mutex);
    if (!event->alive) {
        stub_misused("a wait for an event after its end");
    }
    perform_until(event, event->recorded);
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *ret_milliseconds, cudaEvent_t start, cudaEvent_t end) {
    if (start->done == 0 || end->done == 0) {
        return failed(cudaErrorNotReady);
    }
    *ret_milliseconds = 1.5f;
    return cudaSuccess;
}

/* ---- Captures and graphs: an executable graph is the graph itself ---- */

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
    (void)mode;
    if (stream == NULL || stream->capture != NULL || stream->first != NULL) {
        stub_misused("a capture of a stream that is busy, capturing, or the default one");
        return failed(cudaErrorInvalidDevice);
    }
    stream->capture = calloc(1, sizeof *stream->capture);
    stream->broken = false;
    if (!stream->kept) {
        stream->kept = true;
        atomic_fetch_sub(&stub_cuda_streams, 1);
    }
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *ret_new_graph) {
    *ret_new_graph = stream->broken ? NULL : stream->capture;
    stream->capture = NULL;
    return stream->broken ? failed(cudaErrorInvalidDevice) : cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(
        cudaStream_t stream, enum cudaStreamCaptureStatus *ret_status) {
    *ret_status = stream->capture == NULL ? cudaStreamCaptureStatusNone
                  : stream->broken        ? cudaStreamCaptureStatusInvalidated
                                          : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiateWithFlags(
        cudaGraphExec_t *ret_new_exec, cudaGraph_t graph, unsigned long long flags) {
    FAIL_IF_TOLD();
    (void)flags;
    atomic_fetch_add(&stub_cuda_graphs, 1);
    *ret_new_exec = (cudaGraphExec_t)graph;
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    FAIL_IF_TOLD();
    pthread_mutex_lock(&mutex);
    give(stream_of(stream), (struct op){.kind = GRAPH, .graph = (cudaGraph_t)exec});
    pthread_mutex_unlock(&mutex);
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    (void)exec;
    if (atomic_load(&stub_cuda_pending) != 0) {
        stub_misused("a graph destroyed while work is in flight");
    }
    atomic_fetch_sub(&stub_cuda_graphs, 1);
    return cudaSuccess;
}

/* ---- Errors ---- */

cudaError_t cudaGetLastError(void) {
    cudaError_t error = last;
    last = cudaSuccess;
    return error;
}

const char *cudaGetErrorName(cudaError_t error) {
    return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorOther";
}

const char *cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorMemoryAllocation ? "out of memory" : "other";
}
