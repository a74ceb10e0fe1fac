/*
 * A stand-in for a model that was compiled for CUDA: one input of floats on the device, one output,
 * the input plus 1, computed by a kernel that the stream it is given does later. Its kernels' folder
 * has to hold kernel.cubin.
 */
#include "aoti_model.h"
#include "aoti_torch.h"
#include "stub.h"
#include "stub_cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Needed of libtorch_cuda, as models do. */
AOTITorchError aoti_torch_get_current_cuda_stream(int32_t device_index, void **ret_stream);

struct AOTInductorModelContainerOpaque {
    int device;
};

static AOTIRuntimeError misused(const char *how) {
    stub_misused(how);
    return AOTI_RUNTIME_FAILURE;
}

AOTIRuntimeError AOTInductorModelContainerCreateWithDevice(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir) {
    (void)num_models;
    char kernel[512];
    if (strncmp(device, "cuda:", 5) != 0 || cubin_dir == NULL) {
        return misused("a container on no device, or without kernels");
    }
    snprintf(kernel, sizeof kernel, "%s/kernel.cubin", cubin_dir);
    if (access(kernel, R_OK) != 0) {
        return misused("the kernel is not where it should be");
    }
    AOTInductorModelContainerHandle container = malloc(sizeof *container);
    container->device = atoi(device + 5);
    atomic_fetch_add(&stub_containers_created, 1);
    *ret_container = container;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerDelete(AOTInductorModelContainerHandle container) {
    if (atomic_load(&stub_cuda_pending) != 0) {
        return misused("a container deleted while work is in flight");
    }
    free(container);
    atomic_fetch_add(&stub_containers_deleted, 1);
    return AOTI_RUNTIME_SUCCESS;
}

static AOTIRuntimeError run(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs,
        AtenTensorHandle *outputs, cudaStream_t stream) {
    AtenTensorHandle input = inputs[0];
    inputs[0] = NULL;
    int64_t dim, count, *sizes, *strides;
    void *from, *to, *current;
    aoti_torch_get_current_cuda_stream(container->device, &current);
    if (current != stream) {
        return misused("a run on another stream than the current one");
    }
    aoti_torch_get_dim(input, &dim);
    aoti_torch_get_numel(input, &count);
    aoti_torch_get_sizes(input, &sizes);
    aoti_torch_get_strides(input, &strides);
    aoti_torch_get_data_ptr(input, &from);
    aoti_torch_empty_strided(dim, sizes, strides, aoti_torch_dtype_float32(),
            aoti_torch_device_type_cuda(), container->device, &outputs[0]);
    aoti_torch_get_data_ptr(outputs[0], &to);
    stub_cuda_add(to, from, (size_t)count, 1, stream);
    if (atomic_load(&stub_cuda_waits_in_run)) {
        cudaStreamSynchronize(stream);
    }
    aoti_torch_delete_tensor_object(input);
    atomic_fetch_add(&stub_runs, 1);
    if (stub_fails("AOTInductorModelContainerRun")) {
        aoti_torch_delete_tensor_object(outputs[0]);
        outputs[0] = NULL;
        return AOTI_RUNTIME_FAILURE;
    }
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerRun(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor) {
    (void)proxy_executor;
    if (num_inputs != 1 || num_outputs != 1) {
        return misused("a wrong number of inputs or outputs");
    }
    return run(container, inputs, outputs, (cudaStream_t)stream);
}

AOTIRuntimeError AOTInductorModelContainerGetNumInputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_inputs) {
    (void)container;
    *ret_num_inputs = 1;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumOutputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_outputs) {
    (void)container;
    *ret_num_outputs = 1;
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetInputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name) {
    (void)container;
    (void)index;
    *ret_name = "x";
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetOutputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name) {
    (void)container;
    (void)index;
    *ret_name = "y";
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetCallSpec(
        AOTInductorModelContainerHandle container, const char **ret_in_spec,
        const char **ret_out_spec) {
    (void)container;
    *ret_in_spec = *ret_out_spec = "";
    return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumConstants(
        AOTInductorModelContainerHandle container, size_t *ret_num_constants) {
    (void)container;
    *ret_num_constants = 0;
    return AOTI_RUNTIME_SUCCESS;
}

/* There is no constant that these could be asked for. */
#define OF_A_CONSTANT(name, result)                                                    \
    AOTIRuntimeError name(                                                             \
            AOTInductorModelContainerHandle container, size_t index, result ret_value) { \
        (void)container;                                                               \
        (void)index;                                                                   \
        (void)ret_value;                                                               \
        return misused(#name);                                                         \
    }
OF_A_CONSTANT(AOTInductorModelContainerGetConstantName, const char **)
OF_A_CONSTANT(AOTInductorModelContainerGetConstantOriginalFQN, const char **)
OF_A_CONSTANT(AOTInductorModelContainerGetConstantFromFolded, bool *)
OF_A_CONSTANT(AOTInductorModelContainerGetConstantType, int32_t *)
OF_A_CONSTANT(AOTInductorModelContainerGetConstantDtype, int32_t *)
OF_A_CONSTANT(AOTInductorModelContainerGetConstantDataSize, size_t *)
