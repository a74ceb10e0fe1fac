/*
 * Types that a compiled model and libtorch share: opaque handles, error codes and the two structs
 * that cross between a host and a model.
 *
 * A handle is a pointer to an object that only its maker may look into. "New" beside a result
 * means that the caller owns it and has to delete it; "borrowed" that somebody else does.
 */
#ifndef AOTI4J_AOTI_TYPES_H
#define AOTI4J_AOTI_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beside each function-pointer typedef: keeps NAME_fn and the prototype of NAME from drifting. */
#ifdef __cplusplus
#define AOTI4J_SAME_TYPE(name) static_assert(true, #name)
#else
#define AOTI4J_SAME_TYPE(name)                                                   \
    _Static_assert(__builtin_types_compatible_p(name##_fn, __typeof__(&name)), \
                   #name "_fn is not the type of " #name)
#endif

/* An at::Tensor on the heap. */
typedef struct AtenTensorOpaque *AtenTensorHandle;

/* An at::Generator on the heap. */
typedef struct AtenGeneratorOpaque *AtenGeneratorHandle;

/* Runs the operators that have no C function of their own. */
typedef struct AOTIProxyExecutorOpaque *AOTIProxyExecutorHandle;

/* What libtorch's functions answer. */
typedef int32_t AOTITorchError;
#define AOTI_TORCH_SUCCESS 0
#define AOTI_TORCH_FAILURE 1

/* What a compiled model's functions answer. */
typedef int32_t AOTIRuntimeError;
#define AOTI_RUNTIME_SUCCESS 0
#define AOTI_RUNTIME_FAILURE 1

#ifndef AOTI4J_WITHOUT_STRUCTS

/* A constant by name. Neither the name nor the handle changes hands with it. */
typedef struct AOTInductorConstantMapEntry {
    const char *name;
    AtenTensorHandle handle;
} AOTInductorConstantMapEntry;

#define AOTI_ARRAYREF_TENSOR_MAX_DIMS 8

/* A tensor as bare memory. The caller owns everything it points at; `reserved` has to be zero. */
typedef struct AOTInductorArrayRefTensor {
    void *data;
    int64_t numel;
    int64_t sizes[AOTI_ARRAYREF_TENSOR_MAX_DIMS];   /* the first ndim count */
    int64_t strides[AOTI_ARRAYREF_TENSOR_MAX_DIMS]; /* in elements; the first ndim count */
    int32_t ndim;
    int32_t dtype; /* one of aoti_torch_dtype_*() */
    int32_t device_type;
    int32_t device_idx;
    int64_t reserved[4];
} AOTInductorArrayRefTensor;

#ifndef __cplusplus
_Static_assert(sizeof(AOTInductorConstantMapEntry) == 16, "two pointers");
_Static_assert(sizeof(AOTInductorArrayRefTensor) == 192, "its size is part of the ABI");
#endif

#endif /* AOTI4J_WITHOUT_STRUCTS */

#endif /* AOTI4J_AOTI_TYPES_H */
