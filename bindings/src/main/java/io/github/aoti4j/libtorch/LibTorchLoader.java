package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.Environment;
import io.github.aoti4j.bindings.os.LoadHint;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.os.NativeOutput;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.bindings.os.ProcMaps;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Loads the libtorch that was found.
 *
 * <p>Libraries are opened one by one by their paths, what others need first: the dynamic loader
 * meets a library's needs with what is loaded under the same name before it looks into any folder,
 * and so a folder in {@code LD_LIBRARY_PATH} cannot slip in a part of another build.
 *
 * <p>They are opened with {@code RTLD_LOCAL}. A compiled model names {@code libtorch_cpu.so} among
 * its needs and sees its symbols through that. {@code RTLD_GLOBAL} would put tens of thousands of
 * symbols, of the protobuf and the XNNPACK inside libtorch too, before those of every library that
 * the process opens later; a JavaCPP that opens its own copy of {@code libc10.so} then ends the
 * process at once.
 */
final class LibTorchLoader {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private static final String LIBC10 = "libc10.so";

    /** What libtorch needs, in the order of need; builds differ in which of them they have. */
    private static final List<String> NEEDS =
            List.of(
                    "libgomp.so.1",
                    "libquadmath.so.0",
                    "libgfortran.so.5",
                    "libopenblas.so.0",
                    LIBC10);

    /** The oldest PyTorch that has all of {@link #REQUIRED}. */
    static final String SINCE = "2.10";

    /**
     * The functions without which no model can be run. Later functions are queried with {@link
     * LibTorch#has}.
     */
    static final List<String> REQUIRED =
            List.of(
                    "aoti_torch_abi_version",
                    "aoti_torch_call_dispatcher",
                    "aoti_torch_clone",
                    "aoti_torch_create_tensor_from_blob",
                    "aoti_torch_delete_tensor_object",
                    "aoti_torch_device_type_cpu",
                    "aoti_torch_get_data_ptr",
                    "aoti_torch_get_device_index",
                    "aoti_torch_get_device_type",
                    "aoti_torch_get_dim",
                    "aoti_torch_get_dtype",
                    "aoti_torch_get_layout",
                    "aoti_torch_get_numel",
                    "aoti_torch_get_sizes",
                    "aoti_torch_get_storage_offset",
                    "aoti_torch_get_storage_size",
                    "aoti_torch_get_strides",
                    "aoti_torch_is_defined",
                    "aoti_torch_layout_strided",
                    "aoti_torch_new_tensor_handle");

    private LibTorchLoader() {}

    /** Loads libtorch, or adopts the one that other code has loaded. */
    static LibTorch load(LibTorchOptions options, SearchContext context) {
        Platform.requireSupported();
        var locator = new LibTorchLocator(context);
        if (options.threads() > 0) {
            // Read by OpenMP's run-time library as it is loaded.
            Environment.set("OMP_NUM_THREADS", Integer.toString(options.threads()));
        }
        Optional<NativeLibrary> present = NativeLibrary.ifLoaded(LibTorchLocation.LIBRARY);
        LibTorch torch =
                present.isPresent()
                        ? adopt(present.get(), locator.demanded(options))
                        : open(locate(locator, options), context);
        OpenBlas.shareWithLibTorch();
        LOG.log(System.Logger.Level.DEBUG, () -> "loaded " + torch);
        return torch;
    }

    private static LibTorchLocation locate(LibTorchLocator locator, LibTorchOptions options) {
        try (var _ = Recorder.phase("find libtorch", "")) {
            return locator.locate(options);
        }
    }

    private static LibTorch adopt(NativeLibrary library, Optional<LibTorchLocation> demanded) {
        Path file = mapped(LibTorchLocation.LIBRARY);
        if (demanded.isPresent() && !isSameFile(demanded.get().library(), file)) {
            throw new IncompatibleModelException(
                    "libtorch was to be loaded from %s (%s), but other code of this process has loaded %s, and a process can have only one"
                            .formatted(
                                    demanded.get().directory(),
                                    demanded.get().origin().description(),
                                    file));
        }
        List<String> missing = library.missing(REQUIRED);
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "other code of this process has loaded %s, which lacks %s; all of them are in PyTorch %s and later, and a process can have only one libtorch: use aoti4j in another process, or have that code use such a version"
                            .formatted(file, String.join(", ", missing), SINCE));
        }
        return new LibTorch(
                demanded.orElseGet(
                        () ->
                                new LibTorchLocation(
                                        LibTorchOrigin.ALREADY_LOADED, file.getParent())),
                library,
                version());
    }

    private static LibTorch open(LibTorchLocation location, SearchContext context) {
        // Before it is in the process, from where it cannot be removed.
        requireSymbols(location.library(), location.missing(REQUIRED));
        requireNoOther(location.directory().resolve(LIBC10));
        RivalEngines.warn(location, context);
        try (var _ = Recorder.phase("load libtorch", location.directory())) {
            for (String need : NEEDS) {
                Path file = location.directory().resolve(need);
                // One of this name from elsewhere would be preferred to ours all the same.
                if (Files.exists(file) && NativeLibrary.ifLoaded(need).isEmpty()) {
                    NativeLibrary _ = NativeLibrary.open(file);
                }
            }
            NativeLibrary library = NativeLibrary.open(location.library());
            requireBound(library);
            NativeOutput.setLogLevel(library);
            return new LibTorch(location, library, version());
        } catch (NativeException e) {
            throw new IncompatibleModelException(
                    "libtorch in %s (%s) cannot be loaded: %s%s"
                            .formatted(
                                    location.directory(),
                                    location.origin().description(),
                                    e.nativeMessage(),
                                    LoadHint.of(e.nativeMessage())),
                    e);
        }
    }

    private static void requireSymbols(Path library, List<String> missing) {
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "%s is no libtorch that can be used: it does not have %s; all of them are in PyTorch %s and later"
                            .formatted(library, String.join(", ", missing), SINCE));
        }
    }

    /** Refuses to mix two builds: the dynamic loader would take the libc10 that is there. */
    private static void requireNoOther(Path libc10) {
        if (NativeLibrary.ifLoaded(LIBC10).isPresent()) {
            Path file = mapped(LIBC10);
            if (!isSameFile(libc10, file)) {
                throw new IncompatibleModelException(
                        "libtorch cannot be loaded from %s: this process has %s, from an earlier attempt to load libtorch or loaded by other code; start another process"
                                .formatted(libc10.getParent(), file));
            }
        }
    }

    /** Makes sure that what binds by name, as generated code does, gets this very library. */
    private static void requireBound(NativeLibrary library) {
        boolean bound =
                NativeLibrary.ifLoaded(LibTorchLocation.LIBRARY)
                        .filter(library::isSameAs)
                        .isPresent();
        if (!bound) {
            throw new IncompatibleModelException(
                    library + " does not name itself " + LibTorchLocation.LIBRARY);
        }
    }

    private static Path mapped(String name) {
        try {
            return ProcMaps.ofThisProcess().filesNamed(name).stream()
                    .findFirst()
                    .orElseGet(() -> Path.of(name).toAbsolutePath());
        } catch (IOException e) {
            throw new IncompatibleModelException("/proc/self/maps cannot be read: " + e, e);
        }
    }

    private static boolean isSameFile(Path a, Path b) {
        try {
            return Files.isSameFile(a, b);
        } catch (IOException e) {
            return false;
        }
    }

    /** Major, minor and patch stand in the top bytes. */
    private static String version() {
        long version = AotiTorch.aoti_torch_abi_version();
        return (version >>> 56) + "." + (version >>> 48 & 0xff) + "." + (version >>> 40 & 0xff);
    }
}
