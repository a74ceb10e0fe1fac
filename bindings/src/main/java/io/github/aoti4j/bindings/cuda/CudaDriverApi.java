package io.github.aoti4j.bindings.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.aoti4j.bindings.generated.cuda_driver.CudaDriver;
import io.github.aoti4j.bindings.generated.cuda_driver.cuDeviceGetAttribute_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuDeviceGetCount_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuDeviceGetName_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuDeviceGet_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuDriverGetVersion_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuGetErrorString_fn;
import io.github.aoti4j.bindings.generated.cuda_driver.cuInit_fn;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The functions of NVIDIA's driver that list the devices. They need no libtorch and make no context
 * on a device.
 *
 * <p>Thread-safe.
 */
public final class CudaDriverApi {
    /** The driver's library, which comes with it and with nothing else. */
    public static final String LIBRARY = "libcuda.so.1";

    private static final int NAME_BYTES = 256;

    private final NativeLibrary library;

    /**
     * A device as the driver describes it.
     *
     * @param computeCapability ten times the major number plus the minor one: 90 for 9.0
     */
    public record Gpu(String name, int computeCapability) {}

    private CudaDriverApi(NativeLibrary library) {
        this.library = library;
    }

    /** Opens the driver's library; empty if this machine has no driver. */
    public static Optional<CudaDriverApi> load() {
        return NativeLibrary.ofSystem(LIBRARY).map(CudaDriverApi::new);
    }

    /**
     * Returns the newest version of CUDA that the driver supports: 1000 times the major plus 10
     * times the minor one.
     */
    public int version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            String function = "cuDriverGetVersion";
            check(cuDriverGetVersion_fn.invoke(library.address(function), slot), function);
            return slot.get(JAVA_INT, 0);
        }
    }

    /**
     * Lists the devices that this process may use in CUDA's order, the first being {@code cuda:0}.
     */
    public List<Gpu> devices() {
        int code = cuInit_fn.invoke(library.address("cuInit"), 0);
        if (code == CudaDriver.CUDA_ERROR_NO_DEVICE()) {
            return List.of();
        }
        check(code, "cuInit");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_INT);
            check(
                    cuDeviceGetCount_fn.invoke(library.address("cuDeviceGetCount"), slot),
                    "cuDeviceGetCount");
            int count = slot.get(JAVA_INT, 0);
            List<Gpu> devices = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                check(
                        cuDeviceGet_fn.invoke(library.address("cuDeviceGet"), slot, i),
                        "cuDeviceGet");
                devices.add(describe(slot.get(JAVA_INT, 0), slot, arena));
            }
            return devices;
        }
    }

    private Gpu describe(int device, MemorySegment slot, Arena arena) {
        MemorySegment name = arena.allocate(NAME_BYTES);
        check(
                cuDeviceGetName_fn.invoke(
                        library.address("cuDeviceGetName"), name, NAME_BYTES, device),
                "cuDeviceGetName");
        int major =
                attribute(CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(), device, slot);
        int minor =
                attribute(CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(), device, slot);
        return new Gpu(name.getString(0), 10 * major + minor);
    }

    private int attribute(int attribute, int device, MemorySegment slot) {
        String function = "cuDeviceGetAttribute";
        check(
                cuDeviceGetAttribute_fn.invoke(library.address(function), slot, attribute, device),
                function);
        return slot.get(JAVA_INT, 0);
    }

    private void check(int code, String function) {
        if (code != CudaDriver.CUDA_SUCCESS()) {
            throw new NativeException(function, message(code));
        }
    }

    private String message(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            MemorySegment function = library.address("cuGetErrorString");
            boolean known = cuGetErrorString_fn.invoke(function, code, slot) == 0;
            return "error "
                    + code
                    + (known
                            ? ": " + slot.get(ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0)
                            : "");
        }
    }
}
