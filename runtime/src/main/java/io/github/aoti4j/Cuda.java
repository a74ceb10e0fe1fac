package io.github.aoti4j;

import io.github.aoti4j.bindings.cuda.CudaAllocatorApi;
import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.cuda.CudaDriverApi;
import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.cuda.Gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The CUDA devices of this machine.
 *
 * <p>{@link #devices()} asks NVIDIA's driver. All else needs a libtorch that was built for CUDA,
 * which is loaded on first use. Thread-safe.
 */
public final class Cuda {
    private Cuda() {}

    /**
     * A CUDA device.
     *
     * @param device its name here
     * @param name NVIDIA's name for it
     * @param computeCapability ten times the major number plus the minor one, as PyTorch notes it:
     *     90 for 9.0
     */
    public record Properties(Device device, String name, int computeCapability) {}

    /**
     * The memory of a device, in bytes.
     *
     * @param free what no process uses; what PyTorch's allocator keeps for later counts as used
     * @param total all there is
     */
    public record Memory(long free, long total) {}

    /**
     * Lists the devices that this process sees, without loading a libtorch.
     *
     * @return the first is {@code cuda:0}; empty also where there is no driver
     * @throws NativeException if the driver fails
     */
    public static List<Properties> devices() {
        List<Properties> devices = new ArrayList<>();
        Optional<CudaDriverApi> driver = CudaDriverApi.load();
        if (driver.isPresent()) {
            for (CudaDriverApi.Gpu gpu : driver.get().devices()) {
                devices.add(
                        new Properties(
                                Device.cuda(devices.size()), gpu.name(), gpu.computeCapability()));
            }
        }
        return List.copyOf(devices);
    }

    /**
     * Returns whether models can run on a CUDA device here. Loads libtorch if there is a driver.
     *
     * @return true if {@code cuda:0} can be used
     */
    public static boolean isAvailable() {
        try {
            return !devices().isEmpty() && LibTorchCuda.load().runtime().deviceCount() > 0;
        } catch (AotiException e) {
            System.getLogger("io.github.aoti4j")
                    .log(System.Logger.Level.DEBUG, "CUDA is not available", e);
            return false;
        }
    }

    /**
     * Requires that a device can be used.
     *
     * @param device a CUDA device
     * @throws IncompatibleModelException naming what is missing: libtorch, its part for CUDA, the
     *     driver, or the device
     * @throws NativeException if CUDA fails otherwise
     */
    public static void require(Device device) {
        Gpu _ = Gpu.of(device);
    }

    /**
     * Returns how much memory a device has.
     *
     * @param device a CUDA device
     * @return the driver's figures, of all processes
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static Memory memory(Device device) {
        CudaApi api = Gpu.of(device).api();
        try (CudaApi.InUse _ = api.use(device.index())) {
            CudaApi.Memory memory = api.memory();
            return new Memory(memory.free(), memory.total());
        }
    }

    /**
     * Frees cached device memory, for other processes to use, after all work of a device is done.
     * PyTorch's allocator keeps what has been freed, closed models' weights too, for later
     * allocations; when memory runs short it does this by itself.
     *
     * @param device a CUDA device; the cached memory of other devices is freed, too
     * @throws IncompatibleModelException if the device cannot be used, or this libtorch lacks the
     *     function
     * @throws NativeException if work of the device has failed
     */
    public static void emptyCache(Device device) {
        synchronize(device);
        CudaAllocatorApi.emptyCache();
    }

    /**
     * Waits until all work of a device is done.
     *
     * @param device a CUDA device
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     * @throws NativeException if the work has failed
     */
    public static void synchronize(Device device) {
        Gpu.of(device).synchronize();
    }
}
