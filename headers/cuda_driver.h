/*
 * What is needed of NVIDIA's driver, libcuda.so.1: which devices there are, asked without a libtorch.
 *
 * It comes with the driver and with nothing else, so it is opened by name and its functions are
 * called through addresses. NVIDIA's manual of the CUDA driver API says what each does.
 */
#ifndef AOTI4J_CUDA_DRIVER_H
#define AOTI4J_CUDA_DRIVER_H

#include "aoti_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef AOTI4J_WITHOUT_CUDA_TYPES

/* Those results that a host tells apart. */
typedef enum cudaError_enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_NO_DEVICE = 100
} CUresult;

typedef enum CUdevice_attribute_enum {
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76
} CUdevice_attribute;

typedef int CUdevice;

#endif /* AOTI4J_WITHOUT_CUDA_TYPES */

/* Before any other function but the version's; `flags` has to be 0. Makes no context. */
CUresult cuInit(unsigned int flags);
typedef CUresult (*cuInit_fn)(unsigned int flags);
AOTI4J_SAME_TYPE(cuInit);

/* 1000 * major + 10 * minor, of the newest CUDA that the driver serves. */
CUresult cuDriverGetVersion(int *ret_version);
typedef CUresult (*cuDriverGetVersion_fn)(int *ret_version);
AOTI4J_SAME_TYPE(cuDriverGetVersion);

CUresult cuDeviceGetCount(int *ret_count);
typedef CUresult (*cuDeviceGetCount_fn)(int *ret_count);
AOTI4J_SAME_TYPE(cuDeviceGetCount);

CUresult cuDeviceGet(CUdevice *ret_device, int ordinal);
typedef CUresult (*cuDeviceGet_fn)(CUdevice *ret_device, int ordinal);
AOTI4J_SAME_TYPE(cuDeviceGet);

CUresult cuDeviceGetName(char *ret_name, int length, CUdevice device);
typedef CUresult (*cuDeviceGetName_fn)(char *ret_name, int length, CUdevice device);
AOTI4J_SAME_TYPE(cuDeviceGetName);

CUresult cuDeviceGetAttribute(int *ret_value, CUdevice_attribute attribute, CUdevice device);
typedef CUresult (*cuDeviceGetAttribute_fn)(
        int *ret_value, CUdevice_attribute attribute, CUdevice device);
AOTI4J_SAME_TYPE(cuDeviceGetAttribute);

/* Borrowed for ever; fails for an unknown number. */
CUresult cuGetErrorString(CUresult error, const char **ret_message);
typedef CUresult (*cuGetErrorString_fn)(CUresult error, const char **ret_message);
AOTI4J_SAME_TYPE(cuGetErrorString);

#ifdef __cplusplus
}
#endif

#endif /* AOTI4J_CUDA_DRIVER_H */
