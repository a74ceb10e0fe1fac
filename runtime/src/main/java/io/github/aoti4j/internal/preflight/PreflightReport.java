package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.model.ModelApi;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.constants.ReadOnlyConstants;
import io.github.aoti4j.internal.indices.IndexChecks.Origin;
import io.github.aoti4j.internal.indices.IndexChecks.Unchecked;
import io.github.aoti4j.internal.operators.ProxyCalls;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.wrapper.ConvolutionCalls;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.libtorch.LibTorchLocation;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What is known of a packaged model before any of it is loaded.
 *
 * @param source empty if the package holds none that is understood
 * @param requirements what it requires to run here, all but libtorch
 * @param slowConvolutions what makes its convolutions slow on the built-in engine; null if nothing
 *     does
 * @param readOnlyConstants indices of constants that it only reads; searched where weights lie
 *     beside the library
 * @param divisions whether its concurrent runs disturb each other
 */
public record PreflightReport(
        PackagedModel packaged,
        Device device,
        ElfFile library,
        Optional<WrapperSource> source,
        List<Requirement> requirements,
        String slowConvolutions,
        Set<Integer> readOnlyConstants,
        Optional<ProxyCalls> proxyCalls,
        IntegerDivisions divisions) {
    private static final String PROXY_EXECUTOR = "aoti_torch_proxy_executor_call_function";

    /**
     * Reads a model's part of a package.
     *
     * @param wanted where it is to run; null for the kind of device that it was compiled for
     * @throws PackageException if that part is damaged or holds no library
     */
    public static PreflightReport of(Pt2Archive archive, PackagedModel packaged, Device wanted) {
        ArchiveEntry entry = packaged.library();
        return of(
                archive,
                packaged,
                ElfFile.read(archive.segment(entry), archive.fileOf(entry), entry.name()),
                wanted);
    }

    /** The same with a library that need not be in the package. */
    public static PreflightReport of(
            Pt2Archive archive, PackagedModel packaged, ElfFile library, Device wanted) {
        Optional<String> wrapper = wrapper(archive, packaged);
        List<String> kernels = kernels(archive, packaged);
        Optional<WrapperSource> source =
                wrapper.isPresent()
                        ? WrapperSource.parse(wrapper.get(), kernels)
                        : Optional.empty();
        PackageMetadata metadata = new PackageMetadata(packaged.metadata());
        DeviceRequirement required =
                DeviceRequirement.of(
                        metadata,
                        library.needed().contains(LibTorchCuda.LIBRARY),
                        packaged.hasKernelsForSeveralGpus());
        Host host = Host.current();
        List<Requirement> requirements = new ArrayList<>();
        requirements.add(required.requirement(wanted, host));
        requirements.addAll(
                Preflight.examine(
                        metadata,
                        library,
                        source.isPresent() ? source.get().march() : Optional.empty(),
                        ModelApi.REQUIRED,
                        host));
        Optional<ProxyCalls> calls = proxyCalls(archive, packaged, library);
        if (calls.isPresent() && source.isPresent()) {
            calls = Optional.of(calls.get().withSource(wrapper.get(), source.get().symbols()));
        }
        requirements.add(operators(library, calls));
        boolean mapped = packaged.weightsBlob().isPresent() || packaged.weightsConfig().isPresent();
        return new PreflightReport(
                packaged,
                required.device(wanted),
                library,
                source,
                List.copyOf(requirements),
                slowConvolutions(wrapper, source),
                mapped && wrapper.isPresent() ? ReadOnlyConstants.find(wrapper.get()) : Set.of(),
                calls,
                IntegerDivisions.of(library, wrapper, kernels));
    }

    private static String slowConvolutions(
            Optional<String> wrapper, Optional<WrapperSource> source) {
        if (wrapper.isEmpty() || source.isEmpty()) {
            return null;
        }
        if (ConvolutionCalls.haveGroups(wrapper.get())) {
            return "convolutions of several groups";
        }
        return ConvolutionCalls.areOfLargeImages(wrapper.get(), source.get().inputs())
                ? "convolutions of large images"
                : null;
    }

    /** Returns the text of a model's generated source; empty if the package holds none. */
    public static Optional<String> wrapper(Pt2Archive archive, PackagedModel packaged) {
        Optional<ArchiveEntry> entry = packaged.wrapperSource();
        return entry.isPresent() ? Optional.of(archive.text(entry.get())) : Optional.empty();
    }

    /** Reads a model's generated source; empty if the package holds none that is understood. */
    public static Optional<WrapperSource> source(Pt2Archive archive, PackagedModel packaged) {
        return wrapper(archive, packaged)
                .flatMap(text -> WrapperSource.parse(text, kernels(archive, packaged)));
    }

    private static List<String> kernels(Pt2Archive archive, PackagedModel packaged) {
        List<String> kernels = new ArrayList<>();
        for (ArchiveEntry entry : packaged.kernelSources()) {
            kernels.add(archive.text(entry));
        }
        return kernels;
    }

    /** Returns all requirements; {@code has} is whether libtorch exports a symbol. */
    public List<Requirement> requirements(Predicate<String> has, String description) {
        List<Requirement> all = new ArrayList<>(requirements);
        all.add(Preflight.symbols(library, has, description));
        return all;
    }

    /** Returns all requirements for the libtorch that would be loaded. */
    public List<Requirement> requirements(LibTorchOptions options) {
        List<Requirement> all;
        try {
            LibTorchLocation location = LibTorchLocator.ofProcess().locate(options);
            List<String> needed = library.undefinedSymbols();
            Set<String> missing =
                    new HashSet<>(
                            device.isCpu()
                                    ? location.missing(needed)
                                    : LibTorchCuda.missing(location, needed));
            all =
                    requirements(
                            symbol -> !missing.contains(symbol),
                            "the libtorch in %s (%s)"
                                    .formatted(
                                            location.directory(), location.origin().description()));
        } catch (AotiException e) {
            all = new ArrayList<>(requirements);
            all.add(Subject.LIBTORCH.unmet(e.getMessage()));
        }
        return all;
    }

    /** A sentence on the kernels whose checks are not made before a run and end the process. */
    public Optional<String> warning() {
        List<Unchecked> unchecked =
                source.isPresent() ? source.get().indexChecks().unchecked() : List.of();
        if (unchecked.isEmpty()) {
            return Optional.empty();
        }
        List<String> kernels =
                unchecked.stream()
                        .filter(check -> check.endsProcess() && check.origin() == Origin.COMPUTED)
                        .map(Unchecked::kernel)
                        .distinct()
                        .limit(5)
                        .toList();
        return kernels.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        ("%s check%s indices that the model computes; one out of range ends the"
                                        + " process, because the kernel runs on several threads:"
                                        + " compile with \"cpp.threads\": 1 to get an exception"
                                        + " instead")
                                .formatted(
                                        String.join(", ", kernels),
                                        kernels.size() == 1 ? "s" : ""));
    }

    private static Optional<ProxyCalls> proxyCalls(
            Pt2Archive archive, PackagedModel packaged, ElfFile library) {
        if (!library.undefinedSymbols().contains(PROXY_EXECUTOR)) {
            return Optional.empty();
        }
        return packaged.externNodes()
                .map(
                        entry -> {
                            try {
                                return ProxyCalls.parse(archive.text(entry));
                            } catch (IllegalArgumentException e) {
                                throw new PackageException(
                                        archive.path(),
                                        "entry %s: %s".formatted(entry.name(), e.getMessage()));
                            }
                        });
    }

    /** Whether the operators are there is asked of the dispatcher, when libtorch is loaded. */
    private static Requirement operators(ElfFile library, Optional<ProxyCalls> calls) {
        if (calls.isPresent()) {
            return Subject.OPERATORS.met(
                    "calls operators by name, which are looked up when it is loaded: "
                            + String.join(", ", calls.get().operators()));
        }
        return library.undefinedSymbols().contains(PROXY_EXECUTOR)
                ? Subject.OPERATORS.unmet(
                        "calls operators by name, but its package does not list them (the .json"
                                + " beside its library); package the model again")
                : Subject.OPERATORS.met("calls no operator by name");
    }
}
