package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Cuda;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/** The stubs for CUDA of this process, as {@code stub_cuda.h} describes them. */
final class CudaStub {
    static final Device CUDA = Device.cuda(0);

    private static final Path FOLDER = Path.of(System.getProperty("stub.folder"));

    private static final NativeLibrary RUNTIME = runtime();

    private CudaStub() {}

    private static NativeLibrary runtime() {
        LibTorchCuda _ = LibTorchCuda.load();
        NativeLibrary runtime = NativeLibrary.ifLoaded("libc10_cuda.so").orElseThrow();
        runtime.address("stub_cuda_devices")
                .reinterpret(Long.BYTES)
                .set(
                        ValueLayout.JAVA_LONG,
                        0,
                        Integer.parseInt(System.getenv("STUB_CUDA_DEVICES")));
        return runtime;
    }

    /** Sets a setting. */
    static void set(String name, long value) {
        RUNTIME.address("stub_cuda_" + name)
                .reinterpret(Long.BYTES)
                .set(ValueLayout.JAVA_LONG, 0, value);
    }

    /** Reads a counter. */
    static long get(String name) {
        return RUNTIME.address("stub_cuda_" + name)
                .reinterpret(Long.BYTES)
                .get(ValueLayout.JAVA_LONG, 0);
    }

    /** Demands that nothing of CUDA's is left but work that nobody needs to wait for. */
    static void requireNothingLeft() {
        Cuda.synchronize(CUDA);
        Cuda.synchronize(Device.cuda(1));
        assertEquals(
                List.of(0L, 0L, 0L, 0L, 0L),
                List.of(
                        get("memory"),
                        get("streams"),
                        get("events"),
                        get("pending"),
                        get("graphs")),
                "memory, streams, events, pending work, graphs");
    }

    static Path path(String capability) {
        return StubPackage.writeForCuda(
                FOLDER.resolve("cuda" + capability + ".pt2"),
                FOLDER.resolve("cuda_model.so"),
                capability);
    }

    static Model load() {
        return Model.load(path("90"));
    }

    static Model load(Device device) {
        return Model.load(path("90"), ModelOptions.defaults().device(device));
    }

    /** A vector of 0, 1, 2, … on the CPU. */
    static Tensor counting(Arena arena, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = i;
        }
        return Tensor.of(arena, values, length);
    }
}
