package io.github.aoti4j;

import io.github.aoti4j.bindings.libtorch.LibTorch;
import io.github.aoti4j.bindings.libtorch.LibTorchOptions;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.ConstantStore;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.Examination;
import io.github.aoti4j.internal.Finding;
import io.github.aoti4j.internal.InputCheck;
import io.github.aoti4j.internal.Preflight;
import io.github.aoti4j.internal.WrapperSource;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.proxy.OpLibraries;
import io.github.aoti4j.internal.proxy.ProxyExecutor;
import io.github.aoti4j.internal.proxy.ProxyPlans;
import io.github.aoti4j.weights.PackagedModel;
import io.github.aoti4j.weights.Pt2Archive;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The steps from a package's model to a running container, each failing before the next can do
 * harm.
 */
final class ModelLoader {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private ModelLoader() {}

    static Model load(Pt2Archive archive, PackagedModel packaged, ModelOptions options) {
        LibrarySource library = Compilation.library(archive, packaged, options);
        Examination examination = Examination.of(archive, packaged, library.elf());
        String model = "model " + packaged.name() + " of " + archive.path();
        // What is wrong with the package itself is told without loading a libtorch for it.
        Preflight.require(model, examination.findings());
        LibTorch libtorch =
                LibTorch.load(
                        LibTorchOptions.DEFAULT
                                .withDirectory(options.libtorch().orElse(null))
                                .withProgress(options.progress()));
        OpLibraries.open(options.opLibraries());
        List<Finding> findings = examination.findings(libtorch::has, libtorch.toString());
        ProxyPlans plans = null;
        if (examination.proxyCalls().isPresent()) {
            plans = ProxyPlans.compile(examination.proxyCalls().get(), libtorch::has);
            findings.addAll(plans.findings());
        }
        Preflight.require(model, findings);
        warn(model, examination);
        Device device = options.device().orElse(Device.CPU);
        boolean replicate = options.runners() > 1 && Replicas.arePossible(library, examination);
        Container container =
                new Container(
                        packaged.name(),
                        library.open(),
                        replicate ? 1 : options.runners(),
                        device,
                        null);
        try {
            if (examination.source().isEmpty()) {
                container.wantOwnChecks();
            }
            if (plans != null) {
                container.setExecutor(new ProxyExecutor(plans));
            }
            Optional<WrapperSource> source = examination.source();
            container.setConstants(
                    new ConstantStore(
                            packaged.name(),
                            container,
                            source.isPresent() ? source.get().constants() : List.of(),
                            library.size()));
            WeightsLoader.load(archive, examination, container.constants(), options);
            if (replicate) {
                container.replicate(options.runners());
            }
            return assemble(packaged, container, source, options);
        } catch (Throwable e) {
            container.close();
            throw e;
        }
    }

    private static void warn(String model, Examination examination) {
        if (examination.warning().isPresent()) {
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
        List<InputInfo> inputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            inputs.add(InputInfo.of(names.get(i), known, i));
        }
        InputValidator validator =
                new InputValidator(
                        packaged.name(),
                        container.device(),
                        List.copyOf(inputs),
                        known.isPresent() ? new InputCheck(known.get(), names) : null);
        return new Model(
                packaged.name(),
                container,
                packaged.metadata(),
                List.copyOf(inputs),
                List.copyOf(container.api().outputNames(handle)),
                validator,
                options.runners());
    }
}
