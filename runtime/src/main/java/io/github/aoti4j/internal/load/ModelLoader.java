package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.cuda.LibTorchCuda;
import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.LibTorchTensors;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.builtin.BuiltInEngine;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.constants.ConstantStore;
import io.github.aoti4j.internal.constants.WeightsBudget;
import io.github.aoti4j.internal.container.Container;
import io.github.aoti4j.internal.container.ModelLibraries;
import io.github.aoti4j.internal.container.RunGate;
import io.github.aoti4j.internal.cuda.KernelFolder;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.exec.LazyCallPlan;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.NativeModel;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.inputs.InputCheck;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.inputs.ModelInput;
import io.github.aoti4j.internal.jfr.ModelLoad;
import io.github.aoti4j.internal.library.RuntimeAccess;
import io.github.aoti4j.internal.memory.MemoryBudget;
import io.github.aoti4j.internal.operators.OpLibraries;
import io.github.aoti4j.internal.operators.ProxyExecutor;
import io.github.aoti4j.internal.operators.ProxyPlans;
import io.github.aoti4j.internal.preflight.Preflight;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.libtorch.LibTorch;
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

    private final Pt2Archive archive;
    private final PackagedModel packaged;
    private final LoadSettings settings;
    private final LibrarySource library;
    private final MemoryBudget budget;

    private ModelLoader(Pt2Archive archive, PackagedModel packaged, LoadSettings settings) {
        this.archive = archive;
        this.packaged = packaged;
        this.settings = settings;
        this.budget = new MemoryBudget(packaged.name(), MemoryLimit.of(settings));
        this.library = Compilation.library(archive, packaged, settings);
    }

    /** Loads a model that can run here, or nothing. */
    public static LoadedModel load(
            Pt2Archive archive, PackagedModel packaged, LoadSettings settings) {
        RuntimeAccess.require();
        FirstLoad.prepare(settings);
        if (!Recorder.isOn()) {
            return new ModelLoader(archive, packaged, settings).load();
        }
        var event = new ModelLoad(archive.path().toString(), packaged.name(), settings.runners);
        try {
            return new ModelLoader(archive, packaged, settings).load();
        } catch (Throwable e) {
            event.failed(e);
            throw e;
        } finally {
            event.commit();
        }
    }

    private LoadedModel load() {
        PreflightReport report = examine();
        EngineChoice choice = choose(report);
        WeightsMemory weights = WeightsMemory.of(report, library.size(), settings);
        MemoryLimit.take(budget, label(), weights, archive);
        NativeModel natives =
                choice.engine() == Engine.BUILT_IN
                        ? onBuiltIn(report, weights)
                        : onLibTorch(report, choice, weights);
        try {
            return describe(report, natives);
        } catch (Throwable e) {
            Closeables.closeAfter(e, natives::close);
            throw e;
        }
    }

    private String label() {
        return "model " + packaged.name() + " of " + archive.path();
    }

    /** What is wrong with the package itself is told without loading a libtorch for it. */
    private PreflightReport examine() {
        try (var _ = Recorder.phase("preflight", packaged.name())) {
            PreflightReport report =
                    PreflightReport.of(
                            archive, packaged, library.elf(), settings.device.orElse(null));
            Preflight.require(label(), report.requirements());
            return report;
        }
    }

    private EngineChoice choose(PreflightReport report) {
        EngineChoice choice = EngineChoice.of(report, settings);
        Preflight.require(label(), List.of(choice.requirement()));
        LOG.log(System.Logger.Level.DEBUG, () -> label() + " " + choice.reason());
        return choice;
    }

    private NativeModel onBuiltIn(PreflightReport report, WeightsMemory weights) {
        warn(report);
        BuiltInEngine engine;
        try (var _ = Recorder.phase("open engine", packaged.name())) {
            engine =
                    BuiltInEngine.open(
                            library.elf().undefinedSymbols(),
                            settings.intraOpThreads,
                            settings.openBlas.orElse(null));
        }
        Backend backend = Backend.of(report.device(), engine.tensors(budget));
        return natives(report, backend, Optional.empty(), engine, weights);
    }

    private NativeModel onLibTorch(
            PreflightReport report, EngineChoice choice, WeightsMemory weights) {
        LibTorch libtorch = libtorch(choice);
        Backend backend = Backend.of(report.device(), LibTorchTensors.INSTANCE);
        Optional<ProxyPlans> plans = requireFunctions(report, libtorch);
        warn(report);
        return natives(report, backend, plans, null, weights);
    }

    /** Loads libtorch, and the libraries with operators. */
    private LibTorch libtorch(EngineChoice choice) {
        try {
            LibTorch libtorch =
                    LibTorch.load(
                            LibTorchOptions.DEFAULT
                                    .withDirectory(settings.libtorch.orElse(null))
                                    .withThreads(settings.intraOpThreads)
                                    .withProgress(settings.progress));
            OpLibraries.open(settings.opLibraries);
            return libtorch;
        } catch (IncompatibleModelException e) {
            if (choice.obstacle().isEmpty()) {
                throw e;
            }
            throw new IncompatibleModelException(
                    "%s %s; %s".formatted(label(), choice.obstacle().get(), e.getMessage()), e);
        }
    }

    /** Requires what the model calls, and plans its calls of operators. */
    private Optional<ProxyPlans> requireFunctions(PreflightReport report, LibTorch libtorch) {
        Predicate<String> has = report.device().isCpu() ? libtorch::has : LibTorchCuda.load()::has;
        List<Requirement> requirements = report.requirements(has, libtorch.toString());
        Optional<ProxyPlans> plans =
                report.proxyCalls()
                        .map(
                                calls ->
                                        ProxyPlans.compile(
                                                calls,
                                                has,
                                                settings.trustOperators,
                                                report.device().isCpu()));
        plans.ifPresent(
                planned ->
                        planned.problems()
                                .forEach(each -> requirements.add(Subject.OPERATORS.unmet(each))));
        Preflight.require(label(), requirements);
        return plans;
    }

    private void warn(PreflightReport report) {
        String model = label();
        if (report.warning().isPresent() && WARNED.add(model)) {
            LOG.log(System.Logger.Level.WARNING, model + ": " + report.warning().get());
        }
        if (report.source().isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    model
                            + " holds no source to take input checks from: inputs are hardly"
                            + " checked");
        }
    }

    /**
     * Makes all that lies in native memory, or nothing.
     *
     * @param engine is owned; null for libtorch
     */
    private NativeModel natives(
            PreflightReport report,
            Backend backend,
            Optional<ProxyPlans> plans,
            BuiltInEngine engine,
            WeightsMemory weights) {
        KernelFolder kernels = null;
        ModelLibraries opened = null;
        ProxyExecutor executor = null;
        Container container = null;
        ConstantStore constants = null;
        try {
            kernels = kernels();
            opened = open(engine, report, weights.containers());
            executor = plans.isPresent() ? new ProxyExecutor(plans.get()) : null;
            container = container(report, backend, opened, kernels, executor, weights.containers());
            var gate = new RunGate(packaged.name(), settings.runners, settings.listener);
            constants =
                    new ConstantStore(
                            packaged.name(),
                            container,
                            gate,
                            report.source().map(WrapperSource::constants).orElse(List.of()),
                            library.size(),
                            library.elf().definedSymbols(),
                            backend.upload(settings.uploadMemory, settings.progress),
                            settings.allowUnknownWeights,
                            new WeightsBudget(
                                    budget,
                                    weights.copies(),
                                    weights.copied(),
                                    weights.inLibrary(),
                                    weights.folded(),
                                    archive.bytesInMemory()));
            attachWeights(report, constants);
            return new NativeModel(container, gate, constants, executor, opened, kernels, engine);
        } catch (Throwable e) {
            Closeables.closeAfter(e, container, constants, executor, opened, kernels, engine);
            throw e;
        }
    }

    /** Unpacks what a model for a GPU reads by itself; null if it reads nothing. */
    private KernelFolder kernels() {
        List<ArchiveEntry> files = packaged.gpuKernels();
        return files.isEmpty() ? null : KernelFolder.unpack(archive, files, UserCache.ofProcess());
    }

    private ModelLibraries open(BuiltInEngine engine, PreflightReport report, int containers) {
        if (engine != null) {
            library.bindTo(engine.soname());
        }
        try (var _ = Recorder.phase("unpack library", library)) {
            library.prepare();
        }
        try (var _ = Recorder.phase("open library", library)) {
            return LibraryCopies.of(
                            report.divisions(), library.size(), containers, settings.runners)
                    .open(library);
        } catch (NativeException e) {
            if (e.nativeMessage().contains("libgomp.so.1: cannot open")) {
                // libtorch brings its own.
                throw new IncompatibleModelException(
                        label()
                                + " needs OpenMP's library, libgomp.so.1, which this system does"
                                + " not have: install it (libgomp1 on Debian and Ubuntu, libgomp"
                                + " on Fedora), or load the model with the engine libtorch",
                        e);
            }
            throw e;
        }
    }

    private Container container(
            PreflightReport report,
            Backend backend,
            ModelLibraries opened,
            KernelFolder kernels,
            ProxyExecutor executor,
            int containers) {
        try (var _ = Recorder.phase("create container", packaged.name())) {
            return new Container(
                    packaged.name(),
                    opened,
                    backend,
                    new Container.Settings(
                            containers,
                            containers > 1 ? 1 : settings.runners,
                            kernels == null ? null : kernels.path().toString(),
                            executor,
                            report.source().isEmpty(),
                            settings.listener));
        }
    }

    private void attachWeights(PreflightReport report, ConstantStore constants) {
        try (var _ = Recorder.phase("attach weights", packaged.name())) {
            WeightsLoader.load(archive, report, constants, settings);
        }
        constants.attachReplicas();
        if (Recorder.isOn()) {
            constants.recordAttached();
        }
    }

    /** Says what the loaded model takes and gives. */
    private LoadedModel describe(PreflightReport report, NativeModel natives) {
        Container container = natives.container();
        List<String> names = container.inputNames();
        // A source that describes another number of inputs is not this library's.
        Optional<WrapperSource> known =
                report.source().filter(source -> source.inputCount() == names.size());
        var callPlan = new LazyCallPlan(natives);
        var inputNames = new InputNames(names, () -> callPlan.get().inputPaths());
        List<ModelInput> inputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            inputs.add(ModelInput.of(names.get(i), inputNames, known, i));
        }
        return new LoadedModel(
                packaged.name(),
                natives,
                budget,
                packaged.metadata(),
                List.copyOf(inputs),
                new InputValidator(
                        packaged.name(),
                        container.device(),
                        inputs,
                        inputNames,
                        known.isPresent()
                                ? new InputCheck(known.get(), inputNames, settings.allowEmptyInputs)
                                : null,
                        known.isPresent() && settings.checkIndices
                                ? known.get().indexChecks()
                                : IndexChecks.NONE),
                callPlan,
                container
                        .backend()
                        .captureObstacle(
                                library.elf().undefinedSymbols(),
                                container.callsBack(),
                                settings.runners));
    }
}
