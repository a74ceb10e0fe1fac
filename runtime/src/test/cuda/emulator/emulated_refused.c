/*
 * What PyTorch and its compiler link to and the emulator has not: the header is not included, so
 * that all can have the same type.
 */
#define REFUSED(name) \
    __attribute__((visibility("default"))) int name(void) { return 801; /* not supported */ }
#define IGNORED(name) \
    __attribute__((visibility("default"))) int name(void) { return 0; }

#ifdef EMULATED_DRIVER
REFUSED(cuCtxGetLimit)
REFUSED(cuCtxSetLimit)
REFUSED(cuTensorMapEncodeTiled)
#else
IGNORED(cudaGraphRetainUserObject)
IGNORED(cudaMemcpyToSymbol)
IGNORED(cudaProfilerStart)
IGNORED(cudaProfilerStop)
IGNORED(cudaStreamUpdateCaptureDependencies)
IGNORED(cudaUserObjectCreate)
IGNORED(cudaUserObjectRelease)
REFUSED(cudaDeviceGetDefaultMemPool)
REFUSED(cudaDeviceGetGraphMemAttribute)
REFUSED(cudaDeviceSetGraphMemAttribute)
REFUSED(cudaFreeAsync)
REFUSED(cudaGetSymbolAddress)
REFUSED(cudaGraphAddNode)
REFUSED(cudaGraphConditionalHandleCreate)
REFUSED(cudaGraphInstantiate)
REFUSED(cudaGraphNodeGetDependencies)
REFUSED(cudaIpcCloseMemHandle)
REFUSED(cudaIpcGetEventHandle)
REFUSED(cudaIpcGetMemHandle)
REFUSED(cudaIpcOpenEventHandle)
REFUSED(cudaIpcOpenMemHandle)
REFUSED(cudaKernelSetAttributeForDevice)
REFUSED(cudaLaunchCooperativeKernel)
REFUSED(cudaLibraryGetKernel)
REFUSED(cudaLibraryLoadData)
REFUSED(cudaLibraryUnload)
REFUSED(cudaMallocAsync)
REFUSED(cudaMemPoolGetAttribute)
REFUSED(cudaMemPoolSetAccess)
REFUSED(cudaMemPoolSetAttribute)
REFUSED(cudaMemPoolTrimTo)
REFUSED(cudaOccupancyMaxActiveBlocksPerMultiprocessor)
REFUSED(cudaStreamAddCallback)
REFUSED(cudaStreamBeginCaptureToGraph)
#endif
