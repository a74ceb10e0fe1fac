/*
 * A stand-in for libtorch_cpu.so. With -DSTUB_TORCH_2_10 it lacks what came after that version.
 */
#include "stub.h"

#include "aoti_torch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char stub_failing[64];
atomic_int_fast64_t stub_failing_skip;
atomic_int_fast64_t stub_failing_times;
char stub_message[64];
atomic_int_fast64_t stub_message_absent;
atomic_int_fast64_t stub_inputs;
char stub_outputs[64];
atomic_int_fast64_t stub_constant_missing;
atomic_int_fast64_t stub_taken;
atomic_int_fast64_t stub_written;
atomic_int_fast64_t stub_failures;
atomic_int_fast64_t stub_gate;

atomic_int_fast64_t stub_tensors_created;
atomic_int_fast64_t stub_tensors_deleted;
atomic_int_fast64_t stub_containers_created;
atomic_int_fast64_t stub_containers_deleted;
atomic_int_fast64_t stub_libraries_loaded;
atomic_int_fast64_t stub_libraries_unloaded;
atomic_int_fast64_t stub_runs;
atomic_int_fast64_t stub_runs_single_threaded;
atomic_int_fast64_t stub_runs_failed;
atomic_int_fast64_t stub_runs_waiting;
atomic_int_fast64_t stub_most_in_flight;
atomic_int_fast64_t stub_checks_asked_for;
atomic_int_fast64_t stub_misuses;
char stub_misuse[128];

void *(*stub_allocate)(size_t num_bytes, int device);
void (*stub_release)(void *memory);

static _Thread_local int in_model;

void stub_enter(void) {
    in_model++;
}

void stub_leave(void) {
    in_model--;
}

bool stub_fails(const char *function) {
    return in_model == 0 && strcmp(function, stub_failing) == 0
            && atomic_fetch_sub(&stub_failing_skip, 1) <= 0
            && atomic_fetch_sub(&stub_failing_times, 1) > 0;
}

void stub_misused(const char *how) {
    if (atomic_fetch_add(&stub_misuses, 1) == 0) {
        snprintf(stub_misuse, sizeof stub_misuse, "%s", how);
    }
}

/* ---- Tensors ---- */

#define ALIVE 0x616c6976655f7421u
#define DEAD 0x646561645f5f7421u
#define MAX_DIM 8
#define STRIDED 0
#define CPU 0
#define CUDA 1
#define FLOAT32 6
#define COMPLEX64 9

/* Memory that tensors share. */
struct storage {
    atomic_int tensors;
    char *data;
    size_t bytes; /* of its own memory; 0 if it is the caller's */
    bool of_cuda; /* its own memory is for stub_release */
};

struct AtenTensorOpaque {
    atomic_uint_fast64_t state;
    struct storage *storage; /* null for an undefined tensor */
    int64_t offset;          /* elements */
    int64_t dim;
    int64_t sizes[MAX_DIM];
    int64_t strides[MAX_DIM];
    int32_t dtype;
    int32_t layout;
    int32_t device_type;
    int32_t device_index;
    bool conjugated; /* imaginary parts stand for their negatives */
};

static _Thread_local char what[160];

static AOTITorchError fail(const char *function, const char *why) {
    snprintf(what, sizeof what, "stub libtorch: %s: %s", function, why);
    return AOTI_TORCH_FAILURE;
}

/* Returns from the calling function if it is to fail, or the tensor is none. */
#define REQUIRE(tensor)                            \
    do {                                           \
        if (stub_fails(__func__)) {                \
            return fail(__func__, "told to fail"); \
        }                                          \
        if (!is_alive(tensor, __func__)) {         \
            return fail(__func__, "no tensor");    \
        }                                          \
    } while (0)

static bool is_alive(AtenTensorHandle tensor, const char *function) {
    if (tensor != NULL && atomic_load(&tensor->state) == ALIVE) {
        return true;
    }
    char how[96];
    snprintf(how, sizeof how, "%s on %s", function,
            tensor == NULL ? "null" : "what is no tensor any more");
    stub_misused(how);
    return false;
}

static AtenTensorHandle new_tensor(struct storage *storage) {
    AtenTensorHandle tensor = calloc(1, sizeof *tensor);
    atomic_store(&tensor->state, ALIVE);
    tensor->storage = storage;
    if (storage != NULL) {
        atomic_fetch_add(&storage->tensors, 1);
    }
    atomic_fetch_add(&stub_tensors_created, 1);
    return tensor;
}

static void describe(
        AtenTensorHandle tensor, int64_t dim, const int64_t *sizes, const int64_t *strides,
        int64_t offset, int32_t dtype, int32_t layout, int32_t device_type) {
    tensor->dim = dim;
    memcpy(tensor->sizes, sizes, dim * sizeof *sizes);
    memcpy(tensor->strides, strides, dim * sizeof *strides);
    tensor->offset = offset;
    tensor->dtype = dtype;
    tensor->layout = layout;
    tensor->device_type = device_type;
}

static int64_t element_count(AtenTensorHandle tensor) {
    int64_t count = 1;
    for (int64_t i = 0; i < tensor->dim; i++) {
        count *= tensor->sizes[i];
    }
    return count;
}

/* Of the types that the tests use. */
static size_t element_size(AtenTensorHandle tensor) {
    return tensor->dtype == COMPLEX64 ? 8 : 4;
}

AOTITorchError aoti_torch_create_tensor_from_blob_v2(
        void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, int32_t dtype, int32_t device_type, int32_t device_index,
        AtenTensorHandle *ret_new_tensor, int32_t layout, const uint8_t *opaque_metadata,
        int64_t opaque_metadata_size) {
    (void)opaque_metadata;
    (void)opaque_metadata_size;
    struct storage *storage = calloc(1, sizeof *storage);
    storage->data = data;
    AtenTensorHandle tensor = new_tensor(storage);
    describe(tensor, ndim, sizes, strides, storage_offset, dtype, layout, device_type);
    tensor->device_index = device_index;
    *ret_new_tensor = tensor;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_create_tensor_from_blob(
        void *data, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, int32_t dtype, int32_t device_type, int32_t device_index,
        AtenTensorHandle *ret_new_tensor) {
    if (stub_fails(__func__)) {
        return fail(__func__, "told to fail");
    }
    if (ndim > MAX_DIM) {
        return fail(__func__, "too many dimensions");
    }
    return aoti_torch_create_tensor_from_blob_v2(
            data, ndim, sizes, strides, storage_offset, dtype, device_type, device_index,
            ret_new_tensor, STRIDED, NULL, 0);
}

static AtenTensorHandle empty(
        int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype,
        int32_t device_type, int32_t device_index, bool of_cuda) {
    struct storage *storage = calloc(1, sizeof *storage);
    AtenTensorHandle tensor = new_tensor(storage);
    describe(tensor, ndim, sizes, strides, 0, dtype, STRIDED, device_type);
    tensor->device_index = device_index;
    storage->bytes = element_count(tensor) * element_size(tensor);
    storage->of_cuda = of_cuda;
    storage->data = of_cuda ? stub_allocate(storage->bytes, device_type == CUDA ? device_index : -1)
                            : malloc(storage->bytes + 1);
    return tensor;
}

AOTITorchError aoti_torch_empty_strided(
        int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype,
        int32_t device_type, int32_t device_index, AtenTensorHandle *ret_new_tensor) {
    if (stub_fails(__func__)) {
        return fail(__func__, "told to fail");
    }
    *ret_new_tensor = empty(
            ndim, sizes, strides, dtype, device_type, device_index, device_type == CUDA);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_empty_strided_pinned(
        int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype,
        int32_t device_type, int32_t device_index, AtenTensorHandle *ret_new_tensor) {
    *ret_new_tensor = empty(ndim, sizes, strides, dtype, device_type, device_index, true);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_new_uninitialized_tensor(AtenTensorHandle *ret_new_tensor) {
    *ret_new_tensor = new_tensor(NULL);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch__reinterpret_tensor(
        AtenTensorHandle tensor, int64_t ndim, const int64_t *sizes, const int64_t *strides,
        int64_t storage_offset, AtenTensorHandle *ret_new_tensor) {
    REQUIRE(tensor);
    AtenTensorHandle view = new_tensor(tensor->storage);
    describe(view, ndim, sizes, strides, tensor->offset + storage_offset, tensor->dtype,
            tensor->layout, tensor->device_type);
    view->device_index = tensor->device_index;
    view->conjugated = tensor->conjugated;
    *ret_new_tensor = view;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_new_tensor_handle(
        AtenTensorHandle tensor, AtenTensorHandle *ret_new_tensor) {
    REQUIRE(tensor);
    return aoti_torch__reinterpret_tensor(
            tensor, tensor->dim, tensor->sizes, tensor->strides, 0, ret_new_tensor);
}

/* The copy of a conjugated tensor has its values, not its flag. For contiguous tensors. */
AOTITorchError aoti_torch_clone(AtenTensorHandle tensor, AtenTensorHandle *ret_new_tensor) {
    REQUIRE(tensor);
    AtenTensorHandle copy;
    aoti_torch_empty_strided(tensor->dim, tensor->sizes, tensor->strides, tensor->dtype,
            tensor->device_type, 0, &copy);
    memcpy(copy->storage->data, tensor->storage->data + tensor->offset * element_size(tensor),
            copy->storage->bytes);
    if (tensor->conjugated) {
        float *parts = (float *)copy->storage->data;
        for (int64_t i = 0; i < element_count(copy); i++) {
            parts[2 * i + 1] = -parts[2 * i + 1];
        }
    }
    *ret_new_tensor = copy;
    return AOTI_TORCH_SUCCESS;
}

/* Takes the handles of its arguments, as the dispatcher does. */
AOTITorchError aoti_torch_call_dispatcher(
        const char *name, const char *overload, StableIValue *stack) {
    AtenTensorHandle argument = (AtenTensorHandle)(uintptr_t)stack[0];
    REQUIRE(argument);
    if (overload[0] == 0 && strcmp(name, "aten::is_conj") == 0) {
        stack[0] = argument->conjugated;
        return aoti_torch_delete_tensor_object(argument);
    }
    if (overload[0] == 0 && strcmp(name, "aten::_conj") == 0) {
        argument->conjugated = !argument->conjugated;
        return AOTI_TORCH_SUCCESS;
    }
    return fail(__func__, "no such operator");
}

/* Deletes the handle also when it is told to fail. */
AOTITorchError aoti_torch_delete_tensor_object(AtenTensorHandle tensor) {
    uint_fast64_t alive = ALIVE;
    if (tensor == NULL || !atomic_compare_exchange_strong(&tensor->state, &alive, DEAD)) {
        stub_misused(tensor != NULL && alive == DEAD ? "a tensor deleted twice"
                                                     : "what is no tensor deleted");
        return fail(__func__, "no tensor");
    }
    atomic_fetch_add(&stub_tensors_deleted, 1);
    struct storage *storage = tensor->storage;
    if (storage != NULL && atomic_fetch_sub(&storage->tensors, 1) == 1 && storage->bytes > 0) {
        if (storage->of_cuda) {
            stub_release(storage->data);
        } else {
            memset(storage->data, 0xdd, storage->bytes);
        }
    }
    return stub_fails(__func__) ? fail(__func__, "told to fail") : AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_is_defined(AtenTensorHandle tensor, bool *ret_is_defined) {
    REQUIRE(tensor);
    *ret_is_defined = tensor->storage != NULL;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_data_ptr(AtenTensorHandle tensor, void **ret_data) {
    REQUIRE(tensor);
    *ret_data = tensor->storage->data + tensor->offset * element_size(tensor);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_dim(AtenTensorHandle tensor, int64_t *ret_dim) {
    REQUIRE(tensor);
    *ret_dim = tensor->dim;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_numel(AtenTensorHandle tensor, int64_t *ret_numel) {
    REQUIRE(tensor);
    *ret_numel = element_count(tensor);
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_sizes(AtenTensorHandle tensor, int64_t **ret_sizes) {
    REQUIRE(tensor);
    *ret_sizes = tensor->sizes;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_strides(AtenTensorHandle tensor, int64_t **ret_strides) {
    REQUIRE(tensor);
    *ret_strides = tensor->strides;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_dtype(AtenTensorHandle tensor, int32_t *ret_dtype) {
    REQUIRE(tensor);
    *ret_dtype = tensor->dtype;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_layout(AtenTensorHandle tensor, int32_t *ret_layout) {
    REQUIRE(tensor);
    *ret_layout = tensor->layout;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_device_type(AtenTensorHandle tensor, int32_t *ret_device_type) {
    REQUIRE(tensor);
    *ret_device_type = tensor->device_type;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_device_index(AtenTensorHandle tensor, int32_t *ret_device_index) {
    REQUIRE(tensor);
    *ret_device_index = tensor->device_index;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_storage_offset(
        AtenTensorHandle tensor, int64_t *ret_storage_offset) {
    REQUIRE(tensor);
    *ret_storage_offset = tensor->offset;
    return AOTI_TORCH_SUCCESS;
}

AOTITorchError aoti_torch_get_storage_size(AtenTensorHandle tensor, int64_t *ret_num_bytes) {
    REQUIRE(tensor);
    *ret_num_bytes = (int64_t)tensor->storage->bytes;
    return AOTI_TORCH_SUCCESS;
}

/* ---- Numbers ---- */

int32_t aoti_torch_device_type_cpu(void) {
    return CPU;
}

int32_t aoti_torch_device_type_cuda(void) {
    return 1;
}

int32_t aoti_torch_layout_strided(void) {
    return STRIDED;
}

int32_t aoti_torch_layout_sparse_coo(void) {
    return 1;
}

int32_t aoti_torch_dtype_float32(void) {
    return FLOAT32;
}

int32_t aoti_torch_dtype_complex64(void) {
    return COMPLEX64;
}

#ifdef STUB_TORCH_2_10

uint64_t aoti_torch_abi_version(void) {
    return (uint64_t)2 << 56 | (uint64_t)10 << 48;
}

#else

uint64_t aoti_torch_abi_version(void) {
    return (uint64_t)2 << 56 | (uint64_t)13 << 48;
}

const char *torch_exception_get_what(void) {
    return what;
}

const char *torch_exception_get_what_without_backtrace(void) {
    return what;
}

#endif
