package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.constants.ConstantStore;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.container.RunSlots;
import io.github.aoti4j.internal.cuda.CaptureObstacles;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.KernelFolder;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.exec.LazyCallPlan;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.NativeModel;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.inputs.InputCheck;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.inputs.ModelInput;
import io.github.aoti4j.internal.jfr.ModelLoad;
import io.github.aoti4j.internal.lifecycle.RuntimeAccess;
import io.github.aoti4j.internal.operators.OpLibraries;
import io.github.aoti4j.internal.operators.ProxyExecutor;
import io.github.aoti4j.internal.operators.ProxyPlans;
import io.github.aoti4j.internal.preflight.Preflight;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchCuda;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

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
public final class ModelLoader {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** The models for which there was a warning: one is enough. */
    private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

    private ModelLoader() {}

    /** Loads a model that can run here, or nothing. */
    public static LoadedModel load(
            Pt2Archive archive, PackagedModel packaged, LoadSettings settings) {
        RuntimeAccess.require();
        if (!Recorder.isOn()) {
            return loadModel(archive, packaged, settings);
        }
        var event = new ModelLoad(archive.path().toString(), packaged.name(), settings.runners);
        try {
            return loadModel(archive, packaged, settings);
        } catch (Throwable e) {
            event.failed(e);
            throw e;
        } finally {
            event.commit();
        }
    }

    private static LoadedModel loadModel(
            Pt2Archive archive, PackagedModel packaged, LoadSettings settings) {
        LibrarySource library = Compilation.library(archive, packaged, settings);
        String model = "model " + packaged.name() + " of " + archive.path();
        PreflightReport examination = examine(archive, packaged, library, model, settings);
        Optional<ProxyPlans> plans = requireLibtorch(examination, model, settings);
        warn(model, examination);
        NativeModel natives = natives(archive, examination, library, plans, settings);
        try {
            return describe(examination, library, plans.isPresent(), natives, settings);
        } catch (Throwable e) {
            Closeables.closeAfter(e, natives::close);
            throw e;
        }
    }

    /** Loads libtorch and what the model needs of it, and plans its calls of operators. */
    private static Optional<ProxyPlans> requireLibtorch(
            PreflightReport examination, String model, LoadSettings settings) {
        LibTorch libtorch =
                LibTorch.load(
                        LibTorchOptions.DEFAULT
                                .withDirectory(settings.libtorch.orElse(null))
                                .withProgress(settings.progress));
        OpLibraries.open(settings.opLibraries);
        Predicate<String> has = libtorch::has;
        if (!examination.device().isCpu()) {
            Gpu _ = Gpu.of(examination.device());
            has = LibTorchCuda.load()::has;
        }
        List<Requirement> requirements = examination.requirements(has, libtorch.toString());
        ProxyPlans plans = null;
        if (examination.proxyCalls().isPresent()) {
            plans =
                    ProxyPlans.compile(
                            examination.proxyCalls().get(), has, settings.trustOperators);
            plans.problems().forEach(each -> requirements.add(Subject.OPERATORS.unmet(each)));
        }
        Preflight.require(model, requirements);
        return Optional.ofNullable(plans);
    }

    /** What is wrong with the package itself is told without loading a libtorch for it. */
    private static PreflightReport examine(
            Pt2Archive archive,
            PackagedModel packaged,
            LibrarySource library,
            String model,
            LoadSettings settings) {
        try (var _ = Recorder.phase("preflight", packaged.name())) {
            PreflightReport examination =
                    PreflightReport.of(
                            archive, packaged, library.elf(), settings.device.orElse(null));
            Preflight.require(model, examination.requirements());
            return examination;
        }
    }

    /** Makes all that lies in native memory, or nothing. */
    private static NativeModel natives(
            Pt2Archive archive,
            PreflightReport examination,
            LibrarySource library,
            Optional<ProxyPlans> plans,
            LoadSettings settings) {
        PackagedModel packaged = examination.packaged();
        KernelFolder kernels = kernels(archive, examination);
        NativeLibrary opened = null;
        ProxyExecutor executor = null;
        Container container = null;
        ConstantStore constants = null;
        try {
            opened = open(library);
            executor = plans.isPresent() ? new ProxyExecutor(plans.get()) : null;
            container = container(examination, library, opened, kernels, executor, settings);
            var gate = new RunGate(packaged.name(), settings.runners);
            constants =
                    new ConstantStore(
                            packaged.name(),
                            container,
                            gate,
                            examination.source().map(WrapperSource::constants).orElse(List.of()),
                            library.size(),
                            library.elf().definedSymbols(),
                            upload(examination.device(), settings),
                            settings.allowUnknownWeights);
            attachWeights(archive, examination, constants, settings);
            var slots =
                    new RunSlots(
                            container,
                            gate,
                            container.api().inputNames(container.handle()).size(),
                            container.api().outputNames(container.handle()).size());
            return new NativeModel(container, gate, constants, slots, executor, opened, kernels);
        } catch (Throwable e) {
            Closeables.closeAfter(e, container, constants, executor, opened, kernels);
            throw e;
        }
    }

    /** Unpacks what a model for a GPU reads by itself; null if it reads nothing. */
    private static KernelFolder kernels(Pt2Archive archive, PreflightReport examination) {
        List<ArchiveEntry> files =
                examination.device().isCpu() ? List.of() : examination.packaged().gpuKernels();
        return files.isEmpty() ? null : KernelFolder.unpack(archive, files, UserCache.ofProcess());
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
            PreflightReport examination,
            LibrarySource library,
            NativeLibrary opened,
            KernelFolder kernels,
            ProxyExecutor executor,
            LoadSettings settings) {
        boolean replicate =
                settings.runners > 1
                        && examination.device().isCpu()
                        && Replicas.arePossible(library, examination);
        try (var _ = Recorder.phase("create container", examination.packaged().name())) {
            return new Container(
                    examination.packaged().name(),
                    opened,
                    examination.device(),
                    new Container.Settings(
                            replicate ? settings.runners : 1,
                            replicate ? 1 : settings.runners,
                            kernels == null ? null : kernels.path().toString(),
                            executor,
                            examination.source().isEmpty()));
        }
    }

    private static void attachWeights(
            Pt2Archive archive,
            PreflightReport examination,
            ConstantStore constants,
            LoadSettings settings) {
        try (var _ = Recorder.phase("attach weights", examination.packaged().name())) {
            WeightsLoader.load(archive, examination, constants, settings);
        }
        constants.attachReplicas();
        if (Recorder.isOn()) {
            constants.recordAttached();
        }
    }

    /** What brings constants to the model's device; null if that is the CPU. */
    private static Upload upload(Device device, LoadSettings settings) {
        return device.isCpu()
                ? null
                : new Upload(Gpu.of(device), settings.uploadMemory, settings.progress);
    }

    private static void warn(String model, PreflightReport examination) {
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

    /** Says what the loaded model takes and gives. */
    private static LoadedModel describe(
            PreflightReport examination,
            LibrarySource library,
            boolean callsOperators,
            NativeModel natives,
            LoadSettings settings) {
        PackagedModel packaged = examination.packaged();
        Container container = natives.container();
        List<String> names = container.api().inputNames(container.handle());
        List<String> outputNames = container.api().outputNames(container.handle());
        // A source that describes another number of inputs is not this library's.
        Optional<WrapperSource> known =
                examination.source().filter(source -> source.inputCount() == names.size());
        var callPlan = new LazyCallPlan(natives, List.copyOf(names), outputNames.size());
        var inputNames = new InputNames(names, () -> callPlan.get().inputPaths());
        List<ModelInput> inputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            inputs.add(ModelInput.of(names.get(i), inputNames, known, i));
        }
        return new LoadedModel(
                packaged.name(),
                natives,
                packaged.metadata(),
                List.copyOf(inputs),
                List.copyOf(outputNames),
                new InputValidator(
                        packaged.name(),
                        container.device(),
                        List.copyOf(inputs),
                        inputNames,
                        known.isPresent() ? new InputCheck(known.get(), inputNames) : null,
                        known.isPresent() && settings.checkIndices
                                ? known.get().indexChecks()
                                : IndexChecks.NONE),
                callPlan,
                container.device().isCpu()
                        ? Optional.empty()
                        : CaptureObstacles.find(library.elf().undefinedSymbols(), callsOperators));
    }
}
