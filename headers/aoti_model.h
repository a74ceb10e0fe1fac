/*
 * What a compiled AOTInductor model exports (PyTorch 2.10 to 2.14).
 *
 * All models export the same names, so a host looks each function up in the library it opened and
 * calls it through its address: NAME_fn is the type of that pointer. Every function answers
 * AOTI_RUNTIME_SUCCESS or AOTI_RUNTIME_FAILURE; results are written only on success.
 *
 * Left out are the functions that take an AOTInductorConstantMapHandle: behind it is a
 * std::unordered_map of whoever compiled the caller. Those ending in Pairs, Entries or V2 do the
 * same in plain C.
 *
 * A line "since X" says which PyTorch's models have the functions below it; 2.10 means that or an
 * older one.
 */
#ifndef AOTI4J_AOTI_MODEL_H
#define AOTI4J_AOTI_MODEL_H

#include "aoti_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct AOTInductorModelOpaque *AOTInductorModelHandle;
typedef struct AOTInductorModelContainerOpaque *AOTInductorModelContainerHandle;

/* A cudaStream_t; null means the device's default stream, and on the CPU nothing. */
typedef struct AOTInductorStreamOpaque *AOTInductorStreamHandle;

/* What a constant is, as AOTInductorModelContainerGetConstantType says it. */
#define AOTI_CONSTANT_UNKNOWN 0
#define AOTI_CONSTANT_PARAMETER 1
#define AOTI_CONSTANT_BUFFER 2
#define AOTI_CONSTANT_TENSOR 3
#define AOTI_CONSTANT_FOLDED 4

/* since 2.10 */

/*
 * The container: what a host normally uses. It holds num_models instances of the model, so that as
 * many runs may be in flight at once, and queues the rest. Except where said otherwise its
 * functions may be called from any thread. Strings it hands out are borrowed and live as long as
 * the container.
 */

/*
 * New container on the CPU, or on the current CUDA device. `cubin_dir` is where a CUDA model's
 * kernels lie, or null.
 */
AOTIRuntimeError AOTInductorModelContainerCreate(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, bool is_cpu,
        const char *cubin_dir);
typedef AOTIRuntimeError (*AOTInductorModelContainerCreate_fn)(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, bool is_cpu,
        const char *cubin_dir);
AOTI4J_SAME_TYPE(AOTInductorModelContainerCreate);

/* New container on the named device ("cpu", "cuda", "cuda:1", ...; "cuda" is the current one). */
AOTIRuntimeError AOTInductorModelContainerCreateWithDevice(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir);
typedef AOTIRuntimeError (*AOTInductorModelContainerCreateWithDevice_fn)(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir);
AOTI4J_SAME_TYPE(AOTInductorModelContainerCreateWithDevice);

/* Deletes the container. No run may be in flight. */
AOTIRuntimeError AOTInductorModelContainerDelete(AOTInductorModelContainerHandle container);
typedef AOTIRuntimeError (*AOTInductorModelContainerDelete_fn)(
        AOTInductorModelContainerHandle container);
AOTI4J_SAME_TYPE(AOTInductorModelContainerDelete);

/*
 * Runs the model. The arrays stay the caller's. Handles in `inputs` are stolen: a slot becomes null
 * when its handle has been taken, and after a failure those still there are the caller's to delete.
 * Handles in `outputs` are new. A wrong count of inputs or outputs ends the process, and so does a
 * run while constants are missing. `stream` is null on the CPU, `proxy_executor` null where the
 * model needs none.
 */
AOTIRuntimeError AOTInductorModelContainerRun(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor);
typedef AOTIRuntimeError (*AOTInductorModelContainerRun_fn)(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor);
AOTI4J_SAME_TYPE(AOTInductorModelContainerRun);

/* The same without the container's locks: one thread at a time. */
AOTIRuntimeError AOTInductorModelContainerRunSingleThreaded(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor);
typedef AOTIRuntimeError (*AOTInductorModelContainerRunSingleThreaded_fn)(
        AOTInductorModelContainerHandle container, AtenTensorHandle *inputs, size_t num_inputs,
        AtenTensorHandle *outputs, size_t num_outputs, AOTInductorStreamHandle stream,
        AOTIProxyExecutorHandle proxy_executor);
AOTI4J_SAME_TYPE(AOTInductorModelContainerRunSingleThreaded);

/* Inputs and outputs in flat (call spec) order. */
AOTIRuntimeError AOTInductorModelContainerGetNumInputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_inputs);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetNumInputs_fn)(
        AOTInductorModelContainerHandle container, size_t *ret_num_inputs);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetNumInputs);

AOTIRuntimeError AOTInductorModelContainerGetInputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetInputName_fn)(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetInputName);

AOTIRuntimeError AOTInductorModelContainerGetNumOutputs(
        AOTInductorModelContainerHandle container, size_t *ret_num_outputs);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetNumOutputs_fn)(
        AOTInductorModelContainerHandle container, size_t *ret_num_outputs);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetNumOutputs);

AOTIRuntimeError AOTInductorModelContainerGetOutputName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetOutputName_fn)(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetOutputName);

/* How arguments and results nest: PyTorch's TreeSpec as JSON, one for each side. */
AOTIRuntimeError AOTInductorModelContainerGetCallSpec(
        AOTInductorModelContainerHandle container, const char **ret_in_spec,
        const char **ret_out_spec);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetCallSpec_fn)(
        AOTInductorModelContainerHandle container, const char **ret_in_spec,
        const char **ret_out_spec);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetCallSpec);

/*
 * Constants by index, which has to be below their number. The name is the model's internal one, the
 * FQN the one in the user's module.
 */
AOTIRuntimeError AOTInductorModelContainerGetNumConstants(
        AOTInductorModelContainerHandle container, size_t *ret_num_constants);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetNumConstants_fn)(
        AOTInductorModelContainerHandle container, size_t *ret_num_constants);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetNumConstants);

AOTIRuntimeError AOTInductorModelContainerGetConstantName(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantName_fn)(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_name);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantName);

AOTIRuntimeError AOTInductorModelContainerGetConstantOriginalFQN(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_fqn);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantOriginalFQN_fn)(
        AOTInductorModelContainerHandle container, size_t index, const char **ret_fqn);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantOriginalFQN);

AOTIRuntimeError AOTInductorModelContainerGetConstantFromFolded(
        AOTInductorModelContainerHandle container, size_t index, bool *ret_from_folded);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantFromFolded_fn)(
        AOTInductorModelContainerHandle container, size_t index, bool *ret_from_folded);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantFromFolded);

/* One of AOTI_CONSTANT_*. */
AOTIRuntimeError AOTInductorModelContainerGetConstantType(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_type);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantType_fn)(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_type);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantType);

/* One of aoti_torch_dtype_*(). */
AOTIRuntimeError AOTInductorModelContainerGetConstantDtype(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_dtype);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantDtype_fn)(
        AOTInductorModelContainerHandle container, size_t index, int32_t *ret_dtype);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantDtype);

/* Bytes. */
AOTIRuntimeError AOTInductorModelContainerGetConstantDataSize(
        AOTInductorModelContainerHandle container, size_t index, size_t *ret_size);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantDataSize_fn)(
        AOTInductorModelContainerHandle container, size_t index, size_t *ret_size);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantDataSize);

/* Bytes of all constants laid out as one blob. */
AOTIRuntimeError AOTInductorModelContainerGetConstantsBlobSize(
        AOTInductorModelContainerHandle container, uint64_t *ret_size);
typedef AOTIRuntimeError (*AOTInductorModelContainerGetConstantsBlobSize_fn)(
        AOTInductorModelContainerHandle container, uint64_t *ret_size);
AOTI4J_SAME_TYPE(AOTInductorModelContainerGetConstantsBlobSize);

/*
 * Copies the constants out of a blob of that layout into the container, which the blob need not
 * outlive. For a container fresh from creation, once, with no other call in flight: it takes no
 * lock, and a second call leaves stale pointers behind.
 */
AOTIRuntimeError AOTInductorModelUpdateConstantsFromBlob(
        AOTInductorModelContainerHandle container, const uint8_t *blob);
typedef AOTIRuntimeError (*AOTInductorModelUpdateConstantsFromBlob_fn)(
        AOTInductorModelContainerHandle container, const uint8_t *blob);
AOTI4J_SAME_TYPE(AOTInductorModelUpdateConstantsFromBlob);

/*
 * Points the container at the caller's own tensors, by internal name. They are borrowed, and have
 * to outlive the container and every output that shares their memory. `use_inactive` addresses the
 * second set of constants; `validate_full_update` refuses a set that leaves parameters out.
 */
AOTIRuntimeError AOTInductorModelContainerUpdateUserManagedConstantBufferPairs(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
typedef AOTIRuntimeError (*AOTInductorModelContainerUpdateUserManagedConstantBufferPairs_fn)(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
AOTI4J_SAME_TYPE(AOTInductorModelContainerUpdateUserManagedConstantBufferPairs);

/* Folds the constants of the active or the inactive set. */
AOTIRuntimeError AOTInductorModelContainerRunConstantFolding(
        AOTInductorModelContainerHandle container, bool use_inactive,
        AOTInductorStreamHandle stream, AOTIProxyExecutorHandle proxy_executor);
typedef AOTIRuntimeError (*AOTInductorModelContainerRunConstantFolding_fn)(
        AOTInductorModelContainerHandle container, bool use_inactive,
        AOTInductorStreamHandle stream, AOTIProxyExecutorHandle proxy_executor);
AOTI4J_SAME_TYPE(AOTInductorModelContainerRunConstantFolding);

/* Makes the inactive set of constants the active one, and the other way round. */
AOTIRuntimeError AOTInductorModelContainerSwapConstantBuffer(
        AOTInductorModelContainerHandle container);
typedef AOTIRuntimeError (*AOTInductorModelContainerSwapConstantBuffer_fn)(
        AOTInductorModelContainerHandle container);
AOTI4J_SAME_TYPE(AOTInductorModelContainerSwapConstantBuffer);

/* Frees the inactive set. */
AOTIRuntimeError AOTInductorModelContainerFreeInactiveConstantBuffer(
        AOTInductorModelContainerHandle container);
typedef AOTIRuntimeError (*AOTInductorModelContainerFreeInactiveConstantBuffer_fn)(
        AOTInductorModelContainerHandle container);
AOTI4J_SAME_TYPE(AOTInductorModelContainerFreeInactiveConstantBuffer);

/* since 2.13 */

/* Constants without a std::unordered_map. */

/*
 * Lists the active or the inactive constants. Array and names are borrowed: until the next call of
 * this function on the container, a change of its constants or its end. The handles are borrowed
 * too.
 */
AOTIRuntimeError AOTInductorModelContainerExtractConstantsMapEntries(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry **ret_entries,
        size_t *ret_num_entries, bool use_inactive);
typedef AOTIRuntimeError (*AOTInductorModelContainerExtractConstantsMapEntries_fn)(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry **ret_entries,
        size_t *ret_num_entries, bool use_inactive);
AOTI4J_SAME_TYPE(AOTInductorModelContainerExtractConstantsMapEntries);

/* Copies the given tensors, which are borrowed for the call, into the container's own memory. */
AOTIRuntimeError AOTInductorModelContainerUpdateConstantBufferPairs(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
typedef AOTIRuntimeError (*AOTInductorModelContainerUpdateConstantBufferPairs_fn)(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
AOTI4J_SAME_TYPE(AOTInductorModelContainerUpdateConstantBufferPairs);

/* The same, with tensors on the CPU allowed whatever the model's device. */
AOTIRuntimeError AOTInductorModelContainerUpdateConstantBufferFromCpuPairs(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
typedef AOTIRuntimeError (*AOTInductorModelContainerUpdateConstantBufferFromCpuPairs_fn)(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs, bool use_inactive, bool validate_full_update);
AOTI4J_SAME_TYPE(AOTInductorModelContainerUpdateConstantBufferFromCpuPairs);

/* The same for the inactive set, a full one. */
AOTIRuntimeError AOTInductorModelContainerUpdateInactiveConstantBufferPairs(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs);
typedef AOTIRuntimeError (*AOTInductorModelContainerUpdateInactiveConstantBufferPairs_fn)(
        AOTInductorModelContainerHandle container, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs);
AOTI4J_SAME_TYPE(AOTInductorModelContainerUpdateInactiveConstantBufferPairs);

/*
 * Why the last call on this thread into this library failed, or an empty string. Borrowed until the
 * next call on the thread.
 */
AOTIRuntimeError AOTInductorGetLastError(const char **ret_message);
typedef AOTIRuntimeError (*AOTInductorGetLastError_fn)(const char **ret_message);
AOTI4J_SAME_TYPE(AOTInductorGetLastError);

/* since 2.14 */

/*
 * New container that uses the caller's tensors in place and has folded its constants on return;
 * nothing is read from the library. The tensors are borrowed as in
 * ...UpdateUserManagedConstantBufferPairs.
 */
AOTIRuntimeError AOTInductorModelContainerCreateWithExternalConstants(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir, const AOTInductorConstantMapEntry *pairs, size_t num_pairs);
typedef AOTIRuntimeError (*AOTInductorModelContainerCreateWithExternalConstants_fn)(
        AOTInductorModelContainerHandle *ret_container, size_t num_models, const char *device,
        const char *cubin_dir, const AOTInductorConstantMapEntry *pairs, size_t num_pairs);
AOTI4J_SAME_TYPE(AOTInductorModelContainerCreateWithExternalConstants);

/* Whether the constants that came with the library were loaded. */
AOTIRuntimeError AOTInductorModelContainerDidCallLoadConstants(
        AOTInductorModelContainerHandle container, bool *ret_did_call);
typedef AOTIRuntimeError (*AOTInductorModelContainerDidCallLoadConstants_fn)(
        AOTInductorModelContainerHandle container, bool *ret_did_call);
AOTI4J_SAME_TYPE(AOTInductorModelContainerDidCallLoadConstants);

/*
 * How this library's containers copy constants to a GPU: through pinned staging buffers of so many
 * bytes (0: the default), asynchronously. Before a container is made.
 */
AOTIRuntimeError AOTInductorSetUsePinnedAsyncConstantsCopy(bool enabled);
typedef AOTIRuntimeError (*AOTInductorSetUsePinnedAsyncConstantsCopy_fn)(bool enabled);
AOTI4J_SAME_TYPE(AOTInductorSetUsePinnedAsyncConstantsCopy);

AOTIRuntimeError AOTInductorSetPinnedAsyncConstantsCopyStageBufferBytes(size_t num_bytes);
typedef AOTIRuntimeError (*AOTInductorSetPinnedAsyncConstantsCopyStageBufferBytes_fn)(
        size_t num_bytes);
AOTI4J_SAME_TYPE(AOTInductorSetPinnedAsyncConstantsCopyStageBufferBytes);

/* since 2.10 */

/*
 * The bare model: one instance without queue, locks or device management, for one thread at a time.
 */

/* As ...ContainerRun, but the counts are taken for granted. */
AOTIRuntimeError AOTInductorModelRun(
        AOTInductorModelHandle model, AtenTensorHandle *inputs, AtenTensorHandle *outputs);
typedef AOTIRuntimeError (*AOTInductorModelRun_fn)(
        AOTInductorModelHandle model, AtenTensorHandle *inputs, AtenTensorHandle *outputs);
AOTI4J_SAME_TYPE(AOTInductorModelRun);

AOTIRuntimeError AOTInductorModelGetNumOutputs(
        AOTInductorModelHandle model, size_t *ret_num_outputs);
typedef AOTIRuntimeError (*AOTInductorModelGetNumOutputs_fn)(
        AOTInductorModelHandle model, size_t *ret_num_outputs);
AOTI4J_SAME_TYPE(AOTInductorModelGetNumOutputs);

AOTIRuntimeError AOTInductorModelDelete(AOTInductorModelHandle model);
typedef AOTIRuntimeError (*AOTInductorModelDelete_fn)(AOTInductorModelHandle model);
AOTI4J_SAME_TYPE(AOTInductorModelDelete);

/* since 2.13 */

/* New model on the CPU. With no pairs the constants are those in the library. */
AOTIRuntimeError AOTInductorModelCreateV2(
        AOTInductorModelHandle *ret_model, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs);
typedef AOTIRuntimeError (*AOTInductorModelCreateV2_fn)(
        AOTInductorModelHandle *ret_model, const AOTInductorConstantMapEntry *pairs,
        size_t num_pairs);
AOTI4J_SAME_TYPE(AOTInductorModelCreateV2);

/* Replaces the constants. */
AOTIRuntimeError AOTInductorModelUpdateConstantsMapV2(
        AOTInductorModelHandle model, const AOTInductorConstantMapEntry *pairs, int32_t num_pairs);
typedef AOTIRuntimeError (*AOTInductorModelUpdateConstantsMapV2_fn)(
        AOTInductorModelHandle model, const AOTInductorConstantMapEntry *pairs, int32_t num_pairs);
AOTI4J_SAME_TYPE(AOTInductorModelUpdateConstantsMapV2);

/* Runs on bare memory. Models compiled for the minimal array-ref interface only. */
AOTIRuntimeError AOTInductorModelRunMinimalArrayrefInterfaceV2(
        AOTInductorModelHandle model, int32_t num_inputs, const AOTInductorArrayRefTensor *inputs,
        int32_t num_outputs, AOTInductorArrayRefTensor *outputs);
typedef AOTIRuntimeError (*AOTInductorModelRunMinimalArrayrefInterfaceV2_fn)(
        AOTInductorModelHandle model, int32_t num_inputs, const AOTInductorArrayRefTensor *inputs,
        int32_t num_outputs, AOTInductorArrayRefTensor *outputs);
AOTI4J_SAME_TYPE(AOTInductorModelRunMinimalArrayrefInterfaceV2);

#ifdef __cplusplus
}
#endif

#endif /* AOTI4J_AOTI_MODEL_H */
