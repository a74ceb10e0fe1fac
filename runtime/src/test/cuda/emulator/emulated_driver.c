/*
 * As much of the CUDA driver as compiled models and their compiler use. A module is its address; a
 * function is what the host does in its place, found by its name, or nothing.
 */
#define _GNU_SOURCE
#include "emulated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

struct CUfunc_st {
    char name[128];
    int count; /* of arguments, of which each is read as many bytes as the size says */
    unsigned char sizes[8];
    void (*perform)(const EmulatedLaunch *);
};

static void addOne(const EmulatedLaunch *launch) {
    const float *in = emulated_host_view((void *)launch->arguments[0]);
    float *out = emulated_host_view((void *)launch->arguments[1]);
    for (int i = 0; i < (int)launch->arguments[2]; i++) {
        out[i] = in[i] + 1;
    }
}

static void scaled(const EmulatedLaunch *launch) {
    const float *in = emulated_host_view((void *)launch->arguments[0]);
    const float *weight = emulated_host_view((void *)launch->arguments[1]);
    const float *bias = emulated_host_view((void *)launch->arguments[2]);
    const float *total = emulated_host_view((void *)launch->arguments[3]);
    float *out = emulated_host_view((void *)launch->arguments[4]);
    for (int i = 0; i < (int)launch->arguments[5]; i++) {
        out[i] = in[i] * weight[i % 10] + bias[i % 10] + (total[i % 10] + 1);
    }
}

/* Those of the fixtures; cuda.py says what their models are. */
static const struct CUfunc_st known[] = {
    {"triton_poi_fused_add_0", 3, {8, 8, 4}, addOne},
    {"triton_poi_fused_add_1", 3, {8, 8, 4}, addOne},
    {"triton_poi_fused_add_mul_0", 6, {8, 8, 8, 8, 8, 4}, scaled},
};

API CUresult cuInit(unsigned int flags) { (void)flags; return CUDA_SUCCESS; }
API CUresult cuDriverGetVersion(int *version) { *version = CUDA_VERSION; return CUDA_SUCCESS; }
API CUresult cuDeviceGetCount(int *count) { return (CUresult)cudaGetDeviceCount(count); }
API CUresult cuDeviceGet(CUdevice *device, int ordinal) { *device = ordinal; return CUDA_SUCCESS; }
API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    snprintf(name, (size_t)length, "emulated device %d", device);
    return CUDA_SUCCESS;
}
API CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    return (CUresult)cudaDeviceGetAttribute(value, (enum cudaDeviceAttr)attribute, device);
}
API CUresult cuCtxGetCurrent(CUcontext *context) { *context = (CUcontext)8; return CUDA_SUCCESS; }
API CUresult cuCtxSetCurrent(CUcontext context) { (void)context; return CUDA_SUCCESS; }
API CUresult cuCtxGetDevice(CUdevice *device) { return (CUresult)cudaGetDevice(device); }
API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    (void)device;
    *context = (CUcontext)8;
    return CUDA_SUCCESS;
}
API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int *flags, int *active) {
    (void)device;
    *flags = 0;
    *active = 1;
    return CUDA_SUCCESS;
}
API CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    (void)image;
    *module = malloc(8);
    return CUDA_SUCCESS;
}
API CUresult cuModuleLoad(CUmodule *module, const char *path) {
    return access(path, R_OK) == 0 ? cuModuleLoadData(module, path) : CUDA_ERROR_FILE_NOT_FOUND;
}
API CUresult cuModuleUnload(CUmodule module) { free(module); return CUDA_SUCCESS; }
API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    (void)module;
    struct CUfunc_st *f = calloc(1, sizeof *f);
    strncpy(f->name, name, sizeof f->name - 1);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            *f = known[i];
        }
    }
    *function = f;
    return CUDA_SUCCESS;
}
API CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function) {
    (void)attribute, (void)function;
    *value = attribute == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK ? 1024
             : attribute == CU_FUNC_ATTRIBUTE_NUM_REGS            ? 32
                                                                  : 0;
    return CUDA_SUCCESS;
}
API CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    (void)attribute, (void)function, (void)value;
    return CUDA_SUCCESS;
}
API CUresult cuFuncSetCacheConfig(CUfunction function, CUfunc_cache config) {
    (void)function, (void)config;
    return CUDA_SUCCESS;
}
API CUresult cuLaunchKernel(
        CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
        unsigned int by, unsigned int bz, unsigned int shared, CUstream stream, void **arguments,
        void **extra) {
    (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz, (void)shared, (void)extra;
    EmulatedLaunch launch = {f->perform, {0}};
    for (int i = 0; i < f->count; i++) {
        memcpy(&launch.arguments[i], arguments[i], f->sizes[i]);
    }
    return (CUresult)emulated_launch((cudaStream_t)stream, launch);
}
API CUresult cuGetErrorString(CUresult error, const char **text) {
    *text = error == CUDA_SUCCESS ? "no error" : "an error of the emulated driver";
    return CUDA_SUCCESS;
}
API CUresult cuGetErrorName(CUresult error, const char **text) {
    return cuGetErrorString(error, text);
}
API CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr p) {
    (void)attribute;
    *(CUdeviceptr *)data = p;
    return CUDA_SUCCESS;
}
API CUresult cuOccupancyMaxActiveClusters(
        int *count, CUfunction f, const CUlaunchConfig *config) {
    (void)f, (void)config;
    *count = 1;
    return CUDA_SUCCESS;
}
API CUresult cuLaunchKernelEx(
        const CUlaunchConfig *config, CUfunction f, void **arguments, void **extra) {
    return cuLaunchKernel(
            f, config->gridDimX, config->gridDimY, config->gridDimZ, config->blockDimX,
            config->blockDimY, config->blockDimZ, config->sharedMemBytes, config->hStream,
            arguments, extra);
}
