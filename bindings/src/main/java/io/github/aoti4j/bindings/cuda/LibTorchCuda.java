package io.github.aoti4j.bindings.cuda;

import io.github.aoti4j.bindings.elf.ElfExports;
import io.github.aoti4j.bindings.os.LoadHint;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchLocation;
import io.github.aoti4j.libtorch.LibTorchLocator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * The part of the process's libtorch that serves CUDA devices: loaded when it is first asked for,
 * since it is large, and never unloaded.
 *
 * <p>libtorch_cuda and NVIDIA's libraries are found by the paths that they carry, which in a
 * pip-installed PyTorch lead to the packages beside it.
 *
 * <p>Thread-safe.
 */
public final class LibTorchCuda {
    /** The library that exports PyTorch's C shim for CUDA. */
    public static final String LIBRARY = "libtorch_cuda.so";

    /** Needs the CUDA runtime, and lets it be found under whatever name it has. */
    private static final String LIBC10_CUDA = "libc10_cuda.so";

    private static final List<String> REQUIRED =
            List.of(
                    "aoti_torch_create_cuda_stream_guard",
                    "aoti_torch_delete_cuda_stream_guard",
                    "aoti_torch_get_current_cuda_stream",
                    "torch_get_cuda_stream_from_pool");

    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");
    private static final Object LOCK = new Object();

    private static volatile LibTorchCuda loaded;

    private final LibTorch libtorch;
    private final NativeLibrary library;

    private final CudaApi runtime;

    private LibTorchCuda(LibTorch libtorch, NativeLibrary library, CudaApi runtime) {
        this.libtorch = libtorch;
        this.library = library;
        this.runtime = runtime;
    }

    /**
     * Returns the CUDA part of the process's libtorch, and loads both if they are not loaded. That
     * needs neither a driver nor a device.
     *
     * @throws IncompatibleModelException if libtorch has none, or it cannot be loaded here
     */
    public static LibTorchCuda load() {
        LibTorchCuda cuda = loaded;
        if (cuda == null) {
            synchronized (LOCK) {
                if (loaded == null) {
                    loaded = open(LibTorch.load());
                }
                cuda = loaded;
            }
        }
        return cuda;
    }

    private static LibTorchCuda open(LibTorch libtorch) {
        Path library = libtorch.directory().resolve(LIBRARY);
        boolean present = NativeLibrary.ifLoaded(LIBRARY).isPresent();
        if (!present && !Files.exists(library)) {
            throw absent(libtorch.toString());
        }
        Function<String, NativeLibrary> open =
                present
                        ? name -> NativeLibrary.ifLoaded(name).orElseThrow()
                        : name -> NativeLibrary.open(libtorch.directory().resolve(name));
        try {
            NativeLibrary c10 = open.apply(LIBC10_CUDA);
            NativeLibrary torch = open.apply(LIBRARY);
            torch.require(REQUIRED);
            var cuda = new LibTorchCuda(libtorch, torch, new CudaApi(c10));
            LOG.log(System.Logger.Level.DEBUG, () -> "loaded " + library);
            return cuda;
        } catch (NativeException e) {
            throw new IncompatibleModelException(
                    "the CUDA part of %s cannot be loaded: %s%s"
                            .formatted(libtorch, e.nativeMessage(), LoadHint.of(e.nativeMessage())),
                    e);
        }
    }

    /**
     * Lists the symbols that neither a libtorch nor its part for CUDA exports, without loading
     * them.
     *
     * @throws IncompatibleModelException if there is no part for CUDA, or a library cannot be read
     */
    public static List<String> missing(LibTorchLocation location, Collection<String> symbols) {
        Path cuda = location.directory().resolve(LIBRARY);
        if (!Files.exists(cuda)) {
            throw absent(
                    "the libtorch in %s (%s)"
                            .formatted(location.directory(), location.origin().description()));
        }
        return ElfExports.missing(cuda, location.missing(symbols));
    }

    private static IncompatibleModelException absent(String libtorch) {
        return new IncompatibleModelException(
                "%s was built without CUDA: there is no %s in its folder; use the libtorch of a PyTorch for CUDA (-D%s=DIR)"
                        .formatted(libtorch, LIBRARY, LibTorchLocator.PROPERTY));
    }

    /** Returns whether libtorch, with its part for CUDA, exports a function. */
    public boolean has(String symbol) {
        return libtorch.has(symbol) || library.has(symbol);
    }

    /** Returns the CUDA runtime that this libtorch uses. */
    public CudaApi runtime() {
        return runtime;
    }

    /**
     * Requires a device.
     *
     * @throws IncompatibleModelException naming what is missing: the driver, one that is new
     *     enough, any device, or the one with this index
     */
    public void require(Device device) {
        int count = runtime.deviceCount();
        if (count == 0) {
            throw new IncompatibleModelException(device + " cannot be used: " + whyNone());
        }
        if (device.index() >= count) {
            throw new IncompatibleModelException(
                    "there is no %s: this process sees %d CUDA device%s, cuda:0%s"
                            .formatted(
                                    device,
                                    count,
                                    count == 1 ? "" : "s",
                                    count == 1 ? "" : " to cuda:" + (count - 1)));
        }
    }

    private String whyNone() {
        int driver = runtime.driverVersion();
        if (driver == 0) {
            return "there is no NVIDIA driver (libcuda.so.1) on this machine";
        }
        String visible = System.getenv("CUDA_VISIBLE_DEVICES");
        return "the NVIDIA driver (for CUDA up to %s) offers no device to the CUDA %s of %s%s"
                .formatted(
                        version(driver),
                        version(runtime.runtimeVersion()),
                        libtorch,
                        visible == null ? "" : "; CUDA_VISIBLE_DEVICES is \"" + visible + "\"");
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }
}
