/*
 * A stand-in for a compiled model: adds one to its inputs. How it fails, and what it returns
 * instead, is set in stub.h; what it lacks, when it is compiled:
 *
 *   STUB_ADDEND=2                  adds that instead
 *   STUB_WITHOUT_COUNTS            the functions that tell how many inputs and outputs there are
 *   STUB_WITHOUT_SINGLE_THREADED   the entry point without locks
 *   STUB_WITHOUT_LAST_ERROR        messages, as before 2.13
 *   STUB_WITHOUT_EXTRACT           the list of constants, as before 2.13
 *   STUB_NEEDS_FUTURE              nothing, but it calls what no libtorch has
 */
#include "stub.h"

#include "aoti_model.h"
#include "aoti_torch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#ifndef STUB_ADDEND
#define STUB_ADDEND 1
#endif

#define ALIVE 0x636f6e7461696e72u
#define DEAD 0x6465616463746e72u
#define MAX_TENSORS 256
#define QUINT8 13 /* a dtype that the ABI has no function for */

struct AOTInductorModelContainerOpaque {
    atomic_uint_fast64_t state;
    int64_t num_models;
    int64_t num_inputs;
    int64_t num_outputs;
    bool lacks_constant;
    AtenTensorHandle constant; /* float32[2]: 7, 8 */
    AOTInductorConstantMapEntry entry;
    char input_names[MAX_TENSORS][12];
    char output_names[MAX_TENSORS][12];
    atomic_int_fast64_t in_flight;
};

static _Thread_local char message[128];

__attribute__((constructor)) static void loaded(void) {
    atomic_fetch_add(&stub_libraries_loaded, 1);
}

__attribute__((destructor)) static void unloaded(void) {
    atomic_fetch_add(&stub_libraries_unloaded, 1);
}

static AOTIRuntimeError fail(void) {
    snprintf(message, sizeof message, "%s", stub_message);
    return AOTI_RUNTIME_FAILURE;
}

static AOTIRuntimeError misused(const char *how) {
    stub_misused(how);
    return fail();
}

/* Returns from the calling function if it is to fail, or the container is none. */
#define REQUIRE(container)                                      \
    do {                                                        \
        message[0] = 0;                                         \
        if (atomic_load(&(container)->state) != ALIVE) {        \
            return misused("use of a container after its end"); \
        }                                                       \
        if (stub_fails(__func__)) {                             \
            return fail();                                      \
        }                                                       \
    } while (0)

static float *data(AtenTensorHandle tensor) {
    void *result = NULL;
    aoti_torch_get_data_ptr(tensor, &result);
    return result;
}

/* ---- Making, describing, deleting ---- */

AOTIRuntimeError AOTInductorModelContainerCreateWithDevice(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir) {
    message[0] = 0;
    if (strcmp(device, "cpu") != 0 || cubin_dir != NULL) {
        return misused("a container for another device");
    }
    if (stub_fails(__func__)) {
        return fail();
    }
    AOTInductorModelContainerHandle container = calloc(1, sizeof *container);
    atomic_store(&container->state, ALIVE);
    container->num_models = (int64_t)num_models;
    container->num_inputs = atomic_load(&stub_inputs);
    container->num_outputs = (int64_t)strlen(stub_outputs);
    container->lacks_constant = atomic_load(&stub_constant_missing) != 0;
    const int64_t sizes[] = {2};
    const int64_t strides[] = {1};
    aoti_torch_empty_strided(
            1, sizes, strides, aoti_torch_dtype_float32(), 0, 0, &container->constant);
    data(container->constant)[0] = 7;
    data(container->constant)[1] = 8;
    atomic_fetch_add(&stub_containers_created, 1);
    *ret_container = container;
    return AOTI_RUNTIME_SUCCESS;
}

/* Deletes the container also when it is told to fail. */
AOTIRuntimeError AOTInductorModelContainerDelete(AOTInductorModelContainerHandle container) {
    message[0] = 0;
    uint_fast64_t alive = ALIVE;
    if (!atomic_compare_exchange_strong(&container->state, &alive, DEAD)) {
        return misused("a container deleted twice");
    }
    if (atomic_load(&container->in_flight) != 0) {
        return misused("a container deleted under a run");
    }
    stub_enter();
    /* Constants are the container's memory, whoever else has handles to them. */
    memset(data(container->constant), 0xdd, 2 * sizeof(float));
    aoti_torch_delete_tensor_object(container->constant);
    stub_leave();
    atomic_fetch_add(&stub_containers_deleted, 1);
    return stub_fails(__func__) ? fail() : AOTI_RUNTIME_SUCCESS;
}

#ifndef STUB_WITHOUT_COUNTS

AOTIRuntimeError AOTInductorModelContainerGetNumInputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_inputs) {
    REQUIRE(container);
    *ret_num_inputs = container->num_inputs;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumOutputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_outputs) {
    REQUIRE(container);
    *ret_num_outputs = container->num_outputs;
    return AOTI_RUNTIME_SUCCESS;
}

#endif

AOTIRuntimeError AOTInductorModelContainerGetInputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name) {
    REQUIRE(container);
    char *name = container->input_names[index];
    snprintf(name, sizeof container->input_names[index], "arg%d_1", (int)index);
    *ret_name = name;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetOutputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name) {
    REQUIRE(container);
    char *name = container->output_names[index];
    snprintf(name, sizeof container->output_names[index], "output%d", (int)index);
    *ret_name = name;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetCallSpec(
        AOTInductorModelContainerHandle container, const char **ret_in_spec,
        const char **ret_out_spec) {
    REQUIRE(container);
    *ret_in_spec = "[1, null]";
    *ret_out_spec = "[1, null]";
    return AOTI_RUNTIME_SUCCESS;
}

/* ---- Constants: one that is attached, and one that is folded ---- */

AOTIRuntimeError AOTInductorModelContainerGetNumConstants(
        AOTInductorModelContainerHandle container, size_t *ret_num_constants) {
    REQUIRE(container);
    *ret_num_constants = 2;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name) {
    REQUIRE(container);
    *ret_name = index == 0 ? "linear_weight" : "_FOLDED_CONST_0";
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantOriginalFQN(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_fqn) {
    REQUIRE(container);
    *ret_fqn = index == 0 ? "linear.weight" : "folded";
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantFromFolded(
        AOTInductorModelContainerHandle container, size_t index, bool *ret_from_folded) {
    REQUIRE(container);
    *ret_from_folded = index == 1;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantType(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_type) {
    REQUIRE(container);
    *ret_type = index == 0 ? AOTI_CONSTANT_PARAMETER : AOTI_CONSTANT_FOLDED;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantDtype(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_dtype) {
    (void)index;
    REQUIRE(container);
    *ret_dtype = aoti_torch_dtype_float32();
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantDataSize(
        AOTInductorModelContainerHandle container, size_t index, size_t *ret_size) {
    REQUIRE(container);
    *ret_size = index == 0 ? 2 * sizeof(float) : 0;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerRunConstantFolding(
        AOTInductorModelContainerHandle container, bool use_inactive,
        AOTInductorStreamHandle stream, AOTIProxyExecutorHandle proxy_executor) {
    REQUIRE(container);
    if (use_inactive || stream != NULL || proxy_executor != NULL) {
        return misused("folding of other than the active constants");
    }
    return AOTI_RUNTIME_SUCCESS;
}

#ifndef STUB_WITHOUT_EXTRACT

AOTIRuntimeError AOTInductorModelContainerExtractConstantsMapEntries(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry **ret_entries,
        size_t *ret_num_entries, bool use_inactive) {
    REQUIRE(container);
    if (use_inactive) {
        return misused("the inactive constants asked for");
    }
    container->entry.name = "linear.weight";
    container->entry.handle = container->constant;
    *ret_entries = container->lacks_constant ? NULL : &container->entry;
    *ret_num_entries = container->lacks_constant ? 0 : 1;
    return AOTI_RUNTIME_SUCCESS;
}

#endif

#ifndef STUB_WITHOUT_LAST_ERROR

AOTIRuntimeError AOTInductorGetLastError(const char **ret_message) {
    if (stub_fails(__func__)) {
        return AOTI_RUNTIME_FAILURE;
    }
    *ret_message = atomic_load(&stub_message_absent) ? NULL : message;
    return AOTI_RUNTIME_SUCCESS;
}

#endif

#ifdef STUB_NEEDS_FUTURE

AOTITorchError aoti_torch_cpu_from_the_future(AtenTensorHandle tensor);

/* Here only to need that function. */
AOTITorchError stub_future(AtenTensorHandle tensor) {
    return aoti_torch_cpu_from_the_future(tensor);
}

#endif

/* ---- Running ---- */

static int random_below(int bound) {
    static atomic_uint seeds;
    static _Thread_local unsigned state;
    if (state == 0) {
        state = 2463534242u + 7919u * atomic_fetch_add(&seeds, 1);
    }
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int)(state % (unsigned)bound);
}

/* New contiguous tensor of the input's shape; a scalar 42 if there is no input. */
static AtenTensorHandle add(AtenTensorHandle input, int32_t dtype) {
    int64_t none[1] = {0};
    int64_t dim = 0;
    int64_t *sizes = none;
    int64_t strides[64];
    if (input != NULL) {
        aoti_torch_get_dim(input, &dim);
        aoti_torch_get_sizes(input, &sizes);
    }
    int64_t count = 1;
    for (int64_t i = dim - 1; i >= 0; i--) {
        strides[i] = count;
        count *= sizes[i];
    }
    AtenTensorHandle result;
    aoti_torch_empty_strided(dim, sizes, strides, dtype, 0, 0, &result);
    for (int64_t i = 0; i < count; i++) {
        data(result)[i] = input == NULL ? 42 : data(input)[i] + STUB_ADDEND;
    }
    return result;
}

/* New scalar that stands for 3 - 4i, its memory holding 3 + 4i. */
static AtenTensorHandle conjugated(void) {
    const int64_t none[] = {0};
    AtenTensorHandle result;
    aoti_torch_empty_strided(0, none, none, aoti_torch_dtype_complex64(), 0, 0, &result);
    data(result)[0] = 3;
    data(result)[1] = 4;
    StableIValue stack[] = {(StableIValue)(uintptr_t)result};
    aoti_torch_call_dispatcher("aten::_conj", "", stack);
    return result;
}

/* Tensor over the memory of an input, with two elements. */
static AtenTensorHandle blob(AtenTensorHandle input, int32_t device_type, int32_t layout) {
    const int64_t sizes[] = {2};
    const int64_t strides[] = {1};
    AtenTensorHandle result;
    aoti_torch_create_tensor_from_blob_v2(data(input), 1, sizes, strides, 0,
            aoti_torch_dtype_float32(), device_type, 0, &result, layout, NULL, 0);
    return result;
}

/* All of a vector but its first element. */
static AtenTensorHandle tail(AtenTensorHandle input) {
    int64_t *sizes;
    int64_t *strides;
    AtenTensorHandle result;
    aoti_torch_get_sizes(input, &sizes);
    aoti_torch_get_strides(input, &strides);
    const int64_t less[] = {sizes[0] - 1};
    aoti_torch__reinterpret_tensor(input, 1, less, strides, strides[0], &result);
    return result;
}

/* Makes an output of the kind that a letter says; it is made of the input of its own index. */
static AtenTensorHandle output(
        char kind, AOTInductorModelContainerHandle container, AtenTensorHandle *input,
        AtenTensorHandle first) {
    AtenTensorHandle result = NULL;
    switch (kind) {
    case 'f': /* fresh memory */
        return add(input == NULL ? NULL : *input, aoti_torch_dtype_float32());
    case 'n': /* no handle */
        return NULL;
    case 'u': /* an undefined tensor */
        aoti_torch_new_uninitialized_tensor(&result);
        return result;
    case 'i': /* the input's own handle */
        result = *input;
        *input = NULL;
        return result;
    case 'v': /* a view of the input that starts at its second element */
        return tail(*input);
    case 's': /* the same memory as the first output */
        aoti_torch_new_tensor_handle(first, &result);
        return result;
    case 'h': /* the same handle as the first output */
        return first;
    case 'c': /* a constant */
        aoti_torch_new_tensor_handle(container->constant, &result);
        return result;
    case 'j': /* complex numbers, conjugated lazily */
        return conjugated();
    case 'd': /* memory of another device */
        return blob(*input, aoti_torch_device_type_cuda(), aoti_torch_layout_strided());
    case 'l': /* sparse */
        return blob(*input, aoti_torch_device_type_cpu(), aoti_torch_layout_sparse_coo());
    case 't': /* a quantized dtype */
        return add(*input, QUINT8);
    default:
        stub_misused("a kind of output that the stub does not know");
        return NULL;
    }
}

static void wait_at_gate(void) {
    const struct timespec pause = {.tv_nsec = 200000};
    atomic_fetch_add(&stub_runs_waiting, 1);
    while (atomic_load(&stub_gate) != 0) {
        thrd_sleep(&pause, NULL);
    }
    atomic_fetch_sub(&stub_runs_waiting, 1);
}

static const char *breach(
        AtenTensorHandle *inputs, size_t num_inputs, AtenTensorHandle *outputs, size_t num_outputs,
        AOTInductorModelContainerHandle container, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor) {
    if (stream != NULL || proxy_executor != NULL) {
        return "a run with a stream or an executor";
    }
    if ((int64_t)num_inputs != container->num_inputs
            || (int64_t)num_outputs != container->num_outputs) {
        return "a run with a wrong number of inputs or outputs";
    }
    for (size_t i = 0; i < num_inputs; i++) {
        int64_t dim;
        if (aoti_torch_get_dim(inputs[i], &dim) != AOTI_TORCH_SUCCESS) {
            return "a run with an input that is no tensor";
        }
    }
    for (size_t i = 0; i < num_outputs; i++) {
        if (outputs[i] != NULL) {
            return "a run over outputs of a former one";
        }
    }
    return NULL;
}

static AOTIRuntimeError run_once(
        bool fails, AOTInductorModelContainerHandle container, AtenTensorHandle *inputs,
        AtenTensorHandle *outputs) {
    int64_t num_inputs = container->num_inputs;
    int64_t takes = fails ? atomic_load(&stub_taken) : num_inputs;
    int64_t writes = fails ? atomic_load(&stub_written) : container->num_outputs;
    int64_t failures = atomic_load(&stub_failures);
    if (random_below(1000) < failures) {
        fails = true;
        takes = random_below((int)num_inputs + 1);
        writes = takes < num_inputs ? 0 : random_below((int)container->num_outputs + 1);
    }
    int64_t count = 0;
    if (num_inputs > 0) {
        aoti_torch_get_numel(inputs[0], &count);
    }
    float value = count > 0 ? data(inputs[0])[0] : 0;
    AtenTensorHandle taken[MAX_TENSORS];
    for (int64_t i = 0; i < takes; i++) {
        taken[i] = inputs[i];
        inputs[i] = NULL;
    }
    wait_at_gate();
    for (int64_t i = 0; i < writes; i++) {
        AtenTensorHandle *input = num_inputs == 0 ? NULL : &taken[i % num_inputs];
        outputs[i] = output(stub_outputs[i], container, input, outputs[0]);
    }
    for (int64_t i = 0; i < takes; i++) {
        if (taken[i] != NULL) {
            aoti_torch_delete_tensor_object(taken[i]);
        }
    }
    if (fails) {
        atomic_fetch_add(&stub_runs_failed, 1);
        if (stub_message[0] != 0) {
            snprintf(message, sizeof message, "%s on %g", stub_message, value);
        }
    }
    return fails ? AOTI_RUNTIME_FAILURE : AOTI_RUNTIME_SUCCESS;
}

static AOTIRuntimeError run(
        bool fails, int64_t most, AOTInductorModelContainerHandle container,
        AtenTensorHandle *inputs, size_t num_inputs, AtenTensorHandle *outputs, size_t num_outputs,
        AOTInductorStreamHandle stream, AOTIProxyExecutorHandle proxy_executor) {
    message[0] = 0;
    if (atomic_load(&container->state) != ALIVE) {
        return misused("a run of a container after its end");
    }
    stub_enter();
    const char *how =
            breach(inputs, num_inputs, outputs, num_outputs, container, stream, proxy_executor);
    if (how != NULL) {
        stub_leave();
        return misused(how);
    }
    atomic_fetch_add(&stub_runs, 1);
    const char *check = getenv("AOTI_RUNTIME_CHECK_INPUTS");
    atomic_store(&stub_checks_asked_for, check != NULL && strcmp(check, "1") == 0);
    int64_t in_flight = atomic_fetch_add(&container->in_flight, 1) + 1;
    if (in_flight > most) {
        stub_misused("more runs in flight than there may be");
    }
    int_fast64_t seen = atomic_load(&stub_most_in_flight);
    while (in_flight > seen
            && !atomic_compare_exchange_weak(&stub_most_in_flight, &seen, in_flight)) {
    }
    AOTIRuntimeError result = run_once(fails, container, inputs, outputs);
    atomic_fetch_sub(&container->in_flight, 1);
    stub_leave();
    return result;
}

AOTIRuntimeError AOTInductorModelContainerRun(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor) {
    return run(stub_fails(__func__), container->num_models, container, inputs, num_inputs, outputs,
            num_outputs, stream, proxy_executor);
}

#ifndef STUB_WITHOUT_SINGLE_THREADED

AOTIRuntimeError AOTInductorModelContainerRunSingleThreaded(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor) {
    atomic_fetch_add(&stub_runs_single_threaded, 1);
    return run(stub_fails(__func__), 1, container, inputs, num_inputs, outputs, num_outputs,
            stream, proxy_executor);
}

#endif
