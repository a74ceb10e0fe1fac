package io.github.aoti4j;

import io.github.aoti4j.bindings.NativeLibrary;
import io.github.aoti4j.bindings.UserCache;
import io.github.aoti4j.bindings.libtorch.LibTorch;
import io.github.aoti4j.bindings.libtorch.LibTorchCuda;
import io.github.aoti4j.bindings.libtorch.LibTorchOptions;
import io.github.aoti4j.bindings.recorder.Recorder;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.ConstantStore;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.Examination;
import io.github.aoti4j.internal.Finding;
import io.github.aoti4j.internal.IndexChecks;
import io.github.aoti4j.internal.InputCheck;
import io.github.aoti4j.internal.InputNames;
import io.github.aoti4j.internal.Preflight;
import io.github.aoti4j.internal.RuntimeAccess;
import io.github.aoti4j.internal.WrapperSource;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.cuda.CaptureObstacles;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.KernelFolder;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.proxy.OpLibraries;
import io.github.aoti4j.internal.proxy.ProxyExecutor;
import io.github.aoti4j.internal.proxy.ProxyPlans;
import io.github.aoti4j.internal.recorder.ModelLoad;
import io.github.aoti4j.weights.ArchiveEntry;
import io.github.aoti4j.weights.PackagedModel;
import io.github.aoti4j.weights.Pt2Archive;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The steps from a package's model to a running container, each failing before the next can do
 * harm.
 */
final class ModelLoader {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** The models for which there was a warning: one is enough. */
    private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

    private ModelLoader() {}

    static Model load(Pt2Archive archive, PackagedModel packaged, ModelOptions options) {
        RuntimeAccess.require();
        if (!Recorder.isOn()) {
            return loadModel(archive, packaged, options);
        }
        var event = new ModelLoad(archive.path().toString(), packaged.name(), options.runners());
        try {
            return loadModel(archive, packaged, options);
        } catch (Throwable e) {
            event.failed(e);
            throw e;
        } finally {
            event.commit();
        }
    }

    private static Model loadModel(
            Pt2Archive archive, PackagedModel packaged, ModelOptions options) {
        LibrarySource library = Compilation.library(archive, packaged, options);
        String model = "model " + packaged.name() + " of " + archive.path();
        Examination examination = examine(archive, packaged, library, model, options);
        LibTorch libtorch =
                LibTorch.load(
                        LibTorchOptions.DEFAULT
                                .withDirectory(options.libtorch().orElse(null))
                                .withProgress(options.progress()));
        OpLibraries.open(options.opLibraries());
        Predicate<String> has = libtorch::has;
        if (!examination.device().isCpu()) {
            Gpu _ = Gpu.of(examination.device());
            has = LibTorchCuda.load()::has;
        }
        List<Finding> findings = examination.findings(has, libtorch.toString());
        ProxyPlans plans = null;
        if (examination.proxyCalls().isPresent()) {
            plans =
                    ProxyPlans.compile(
                            examination.proxyCalls().get(), has, options.trustOperators());
            findings.addAll(plans.findings());
        }
        Preflight.require(model, findings);
        warn(model, examination);
        boolean replicate =
                options.runners() > 1
                        && examination.device().isCpu()
                        && Replicas.arePossible(library, examination);
        Container container =
                container(archive, examination, library, replicate ? 1 : options.runners());
        try {
            if (examination.source().isEmpty()) {
                container.wantOwnChecks();
            }
            if (plans != null) {
                container.setExecutor(new ProxyExecutor(plans));
            }
            if (!examination.device().isCpu()) {
                CaptureObstacles.find(library.elf().undefinedSymbols(), plans != null)
                        .ifPresent(container::refuseCapture);
            }
            Optional<WrapperSource> source = examination.source();
            container.setConstants(
                    new ConstantStore(
                            packaged.name(),
                            container,
                            source.isPresent() ? source.get().constants() : List.of(),
                            library.size(),
                            library.elf().definedSymbols(),
                            upload(examination.device(), options),
                            options.allowUnknownWeights()));
            try (var _ = Recorder.phase("attach weights", packaged.name())) {
                WeightsLoader.load(archive, examination, container.constants(), options);
            }
            if (Recorder.isOn()) {
                container.constants().recordAttached();
            }
            if (replicate) {
                container.replicate(options.runners());
            }
            return assemble(packaged, container, source, options);
        } catch (Throwable e) {
            container.close();
            throw e;
        }
    }

    /** What is wrong with the package itself is told without loading a libtorch for it. */
    private static Examination examine(
            Pt2Archive archive,
            PackagedModel packaged,
            LibrarySource library,
            String model,
            ModelOptions options) {
        try (var _ = Recorder.phase("preflight", packaged.name())) {
            Examination examination =
                    Examination.of(archive, packaged, library.elf(), options.device().orElse(null));
            Preflight.require(model, examination.findings());
            return examination;
        }
    }

    private static NativeLibrary open(LibrarySource library) {
        try (var _ = Recorder.phase("unpack library", library)) {
            library.prepare();
        }
        try (var _ = Recorder.phase("open library", library)) {
            return library.open();
        }
    }

    private static Container container(
            Pt2Archive archive, Examination examination, LibrarySource library, int runners) {
        PackagedModel packaged = examination.packaged();
        // What a model for a GPU reads by itself.
        List<ArchiveEntry> files = examination.device().isCpu() ? List.of() : packaged.gpuKernels();
        KernelFolder kernels =
                files.isEmpty() ? null : KernelFolder.unpack(archive, files, UserCache.ofProcess());
        NativeLibrary opened;
        try {
            opened = open(library);
        } catch (Throwable e) {
            if (kernels != null) {
                kernels.close();
            }
            throw e;
        }
        try (var _ = Recorder.phase("create container", packaged.name())) {
            return new Container(packaged.name(), opened, runners, examination.device(), kernels);
        }
    }

    /** What brings constants to the model's device; null if that is the CPU. */
    private static Upload upload(Device device, ModelOptions options) {
        return device.isCpu()
                ? null
                : new Upload(Gpu.of(device), options.uploadMemory(), options.progress());
    }

    private static void warn(String model, Examination examination) {
        if (examination.warning().isPresent() && WARNED.add(model)) {
            LOG.log(System.Logger.Level.WARNING, model + ": " + examination.warning().get());
        }
        if (examination.source().isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    model
                            + " holds no source to take input checks from: inputs are hardly"
                            + " checked");
        }
    }

    private static Model assemble(
            PackagedModel packaged,
            Container container,
            Optional<WrapperSource> source,
            ModelOptions options) {
        MemorySegment handle = container.handle();
        List<String> names = container.api().inputNames(handle);
        // A source that describes another number of inputs is not this library's.
        Optional<WrapperSource> known =
                source.isPresent() && source.get().inputCount() == names.size()
                        ? source
                        : Optional.empty();
        var inputNames = new InputNames(names);
        List<InputInfo> inputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            inputs.add(InputInfo.of(names.get(i), inputNames, known, i));
        }
        InputValidator validator =
                new InputValidator(
                        packaged.name(),
                        container.device(),
                        List.copyOf(inputs),
                        inputNames,
                        known.isPresent() ? new InputCheck(known.get(), inputNames) : null,
                        known.isPresent() && options.checkIndices()
                                ? known.get().indexChecks()
                                : IndexChecks.NONE);
        Model model =
                new Model(
                        packaged.name(),
                        container,
                        packaged.metadata(),
                        List.copyOf(inputs),
                        List.copyOf(container.api().outputNames(handle)),
                        validator,
                        options.runners());
        inputNames.setPaths(() -> model.callSpec().inputPaths());
        return model;
    }
}
