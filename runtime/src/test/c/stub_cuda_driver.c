/* A stand-in for libcuda.so.1: as many devices, of as many capabilities, as the environment says. */
#include "cuda_driver.h"

#include <stdio.h>
#include <stdlib.h>

static int number(const char *variable, int otherwise) {
    const char *value = getenv(variable);
    return value == NULL ? otherwise : atoi(value);
}

CUresult cuInit(unsigned int flags) {
    (void)flags;
    return number("STUB_CUDA_DEVICES", 1) == 0 ? CUDA_ERROR_NO_DEVICE : CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *ret_version) {
    *ret_version = 13000;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *ret_count) {
    *ret_count = number("STUB_CUDA_DEVICES", 1);
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *ret_device, int ordinal) {
    *ret_device = ordinal;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *ret_name, int length, CUdevice device) {
    snprintf(ret_name, (size_t)length, "stub %d", device);
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *ret_value, CUdevice_attribute attribute, CUdevice device) {
    (void)device;
    int capability = number("STUB_CUDA_CAPABILITY", 90);
    *ret_value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR ? capability / 10
                                                                          : capability % 10;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **ret_message) {
    (void)error;
    *ret_message = "told to fail";
    return CUDA_SUCCESS;
}
