package io.github.aoti4j.internal.cuda;

import io.github.aoti4j.bindings.cuda.CudaDriverApi;
import io.github.aoti4j.core.NativeException;

import java.util.List;
import java.util.Optional;

/**
 * The CUDA devices that the driver offers to this process.
 *
 * @param devices the first is {@code cuda:0}
 * @param problem why there is none, as the end of a sentence; empty if there are some
 */
public record Gpus(List<CudaDriverApi.Gpu> devices, String problem) {

    public static Gpus ofMachine() {
        try {
            Optional<CudaDriverApi> driver = CudaDriverApi.load();
            if (driver.isEmpty()) {
                return none("there is no NVIDIA driver (%s)".formatted(CudaDriverApi.LIBRARY));
            }
            List<CudaDriverApi.Gpu> devices = driver.get().devices();
            String visible = System.getenv("CUDA_VISIBLE_DEVICES");
            return !devices.isEmpty()
                    ? new Gpus(devices, "")
                    : none(
                            visible == null
                                    ? "the NVIDIA driver offers no device"
                                    : "the NVIDIA driver offers no device; CUDA_VISIBLE_DEVICES is \"%s\""
                                            .formatted(visible));
        } catch (NativeException e) {
            return none("the NVIDIA driver cannot be used: " + e.getMessage());
        }
    }

    public static Gpus none(String problem) {
        return new Gpus(List.of(), problem);
    }

    /** Returns for example {@code cuda:0 (NVIDIA H200, compute capability 9.0)}. */
    public String describe(int index) {
        CudaDriverApi.Gpu gpu = devices.get(index);
        return "cuda:%d (%s, compute capability %s)"
                .formatted(index, gpu.name(), version(gpu.computeCapability()));
    }

    /** Formats a compute capability, for example {@code 9.0}. */
    public static String version(int capability) {
        return capability / 10 + "." + capability % 10;
    }
}
