/*
 * Operators of fixtures/operators.py as a native library brings them: registered when it is loaded,
 * through libtorch's C functions alone.
 */
#include "aoti_torch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(AOTITorchError code, const char *what) {
    if (code != 0) {
        fprintf(stderr, "%s failed\n", what);
        abort();
    }
}

#define CHECK(call) check(call, #call)

static AtenTensorHandle tensor(StableIValue value) {
    return (AtenTensorHandle)(uintptr_t)value;
}

static double number(StableIValue value) {
    double result;
    memcpy(&result, &value, sizeof(result));
    return result;
}

static const float *floats(AtenTensorHandle handle) {
    void *data;
    CHECK(aoti_torch_get_data_ptr(handle, &data));
    return data;
}

/* A contiguous float tensor of the same sizes. */
static AtenTensorHandle like(AtenTensorHandle handle) {
    int64_t *sizes;
    int64_t *strides;
    int64_t rank;
    AtenTensorHandle made;
    CHECK(aoti_torch_get_dim(handle, &rank));
    CHECK(aoti_torch_get_sizes(handle, &sizes));
    CHECK(aoti_torch_get_strides(handle, &strides));
    CHECK(aoti_torch_empty_strided(
            rank, sizes, strides, aoti_torch_dtype_float32(), aoti_torch_device_type_cpu(), 0,
            &made));
    return made;
}

/* What the test wants instead of a right result. */
static AtenTensorHandle wrong(const char *how, AtenTensorHandle right) {
    int64_t *sizes;
    int64_t *strides;
    int64_t few[] = {5, 1};
    AtenTensorHandle made;
    CHECK(aoti_torch_get_sizes(right, &sizes));
    CHECK(aoti_torch_get_strides(right, &strides));
    if (strcmp(how, "undefined") == 0) {
        CHECK(aoti_torch_new_uninitialized_tensor(&made));
    } else if (strcmp(how, "shape") == 0) {
        CHECK(aoti_torch_empty_strided(
                1, few, few + 1, aoti_torch_dtype_float32(), aoti_torch_device_type_cpu(), 0,
                &made));
    } else if (strcmp(how, "type") == 0) {
        CHECK(aoti_torch_empty_strided(
                2, sizes, strides, aoti_torch_dtype_int8(), aoti_torch_device_type_cpu(), 0,
                &made));
    } else { /* other strides, which is right */
        int64_t turned[] = {1, sizes[0]};
        CHECK(aoti_torch_empty_strided(
                2, sizes, turned, aoti_torch_dtype_float32(), aoti_torch_device_type_cpu(), 0,
                &made));
        CHECK(aoti_torch_copy_(made, right, 0));
    }
    CHECK(aoti_torch_delete_tensor_object(right));
    return made;
}

static void scale_add(StableIValue *stack, uint64_t num_args, uint64_t num_results) {
    (void)num_args;
    (void)num_results;
    AtenTensorHandle x = tensor(stack[0]);
    double scale = number(stack[1]);
    StableListHandle shifts = (StableListHandle)(uintptr_t)stack[2];
    StringHandle mode = (StringHandle)(uintptr_t)stack[3];
    int negate = (stack[4] & 0xFF) != 0;
    StableIValue *bias = (StableIValue *)(uintptr_t)stack[5];

    size_t count;
    double sum = 0;
    CHECK(torch_list_size(shifts, &count));
    for (size_t i = 0; i < count; i++) {
        StableIValue shift;
        CHECK(torch_list_get_item(shifts, i, &shift));
        sum += (double)(int64_t)shift;
    }
    const char *text;
    CHECK(torch_string_c_str(mode, &text));
    int mean = strcmp(text, "mean") == 0;

    int64_t elements;
    int64_t period = 1;
    CHECK(aoti_torch_get_numel(x, &elements));
    if (bias != NULL) {
        CHECK(aoti_torch_get_numel(tensor(*bias), &period));
    }
    AtenTensorHandle y = like(x);
    float *to = (float *)floats(y);
    for (int64_t i = 0; i < elements; i++) {
        double value = floats(x)[i] * scale + sum;
        value = mean ? value / (double)count : value;
        value = negate ? -value : value;
        to[i] = (float)(bias == NULL ? value : value + floats(tensor(*bias))[i % period]);
    }

    CHECK(aoti_torch_delete_tensor_object(x));
    CHECK(torch_delete_list(shifts));
    CHECK(torch_delete_string(mode));
    if (bias != NULL) {
        CHECK(aoti_torch_delete_tensor_object(tensor(*bias)));
        free(bias); /* which is what operator delete does */
    }
    const char *how = getenv("NATIVE_OPS_RESULT");
    stack[0] = (StableIValue)(uintptr_t)(how == NULL ? y : wrong(how, y));
}

static void halves(StableIValue *stack, uint64_t num_args, uint64_t num_results) {
    (void)num_args;
    (void)num_results;
    AtenTensorHandle x = tensor(stack[0]);
    int64_t parts = (int64_t)stack[1];
    int64_t elements;
    CHECK(aoti_torch_get_numel(x, &elements));
    AtenTensorHandle y = like(x);
    float *to = (float *)floats(y);
    for (int64_t i = 0; i < elements; i++) {
        to[i] = floats(x)[i] / (float)parts;
    }
    CHECK(aoti_torch_delete_tensor_object(x));
    const char *how = getenv("NATIVE_OPS_RESULT");
    stack[0] = (StableIValue)(uintptr_t)y;
    stack[1] = (StableIValue)(how == NULL ? parts : parts + 1);
}

__attribute__((constructor)) static void register_operators(void) {
    TorchLibraryHandle definitions;
    TorchLibraryHandle kernels;
    CHECK(aoti_torch_library_init_def("demo", __FILE__, __LINE__, &definitions));
    CHECK(aoti_torch_library_def(
            definitions,
            "scale_add(Tensor x, float scale, SymInt[] shifts, str mode, bool negate,"
            " Tensor? bias=None) -> Tensor"));
    CHECK(aoti_torch_library_def(definitions, "halves(Tensor x, int parts) -> (Tensor, int)"));
    CHECK(aoti_torch_library_init_impl("demo", "CPU", __FILE__, __LINE__, &kernels));
    CHECK(aoti_torch_library_impl(kernels, "scale_add", scale_add));
    CHECK(aoti_torch_library_impl(kernels, "halves", halves));
}
