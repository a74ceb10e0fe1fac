package io.github.aoti4j;

import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.internal.callspec.CallPlan;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.inputs.ModelInput;
import io.github.aoti4j.internal.load.MemoryFigures;
import io.github.aoti4j.internal.load.WeightsLocator;
import io.github.aoti4j.internal.preflight.CompilationFacts;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.InputSpec;
import io.github.aoti4j.internal.wrapper.OutputSpec;
import io.github.aoti4j.internal.wrapper.RunOutputs;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a package says of one of its models, without loading it.
 *
 * @param name the model
 * @param metadata what the compiler noted, and the author's own strings
 * @param inputs in call order; empty if the package holds no source
 * @param outputs the outputs' names, in call order; empty if the package holds no source
 * @param outputInfos the outputs, as far as the source shows them, in call order; empty if the
 *     package holds no source
 * @param constants the constants, by their index in the container; empty if the package holds no
 *     source
 * @param inputSpec PyTorch's TreeSpec of the arguments, JSON; empty if the package holds no source
 * @param outputSpec PyTorch's TreeSpec of the results, JSON; empty if the package holds no source
 * @param sourceKnown whether the package holds the source that inputs, outputs and constants are
 *     read from
 * @param libraryBytes the size of the compiled library; 0 if the package holds its source only
 * @param uncheckedIndices the checks of indices that are left to its kernels, because the source
 *     does not show which elements of the inputs they are about; the others are {@link
 *     InputInfo#valueRanges()}
 * @param memory how much memory the model takes, loaded with the default options; {@link
 *     ModelPackage#memory} tells it for others
 * @param compilation how the model was compiled
 */
public record ModelDescription(
        String name,
        Map<String, String> metadata,
        List<InputInfo> inputs,
        List<String> outputs,
        List<OutputInfo> outputInfos,
        List<ConstantInfo> constants,
        Optional<String> inputSpec,
        Optional<String> outputSpec,
        boolean sourceKnown,
        long libraryBytes,
        List<UncheckedIndex> uncheckedIndices,
        MemoryEstimate memory,
        CompilationInfo compilation) {

    /**
     * Returns how the model is called.
     *
     * @return read afresh; empty if the package holds no source
     * @throws CallSpecException if the call spec cannot be used
     */
    public Optional<CallSpec> callSpec() {
        return callPlan(
                        inputSpec,
                        outputSpec,
                        inputs.stream().map(InputInfo::name).toList(),
                        outputs.size())
                .map(CallSpec::new);
    }

    static ModelDescription of(Pt2Archive archive, PackagedModel model) {
        Optional<WrapperSource> source = PreflightReport.source(archive, model);
        var names =
                new InputNames(
                        source.map(ModelDescription::inputNames).orElse(List.of()),
                        () ->
                                source.flatMap(ModelDescription::callPlan)
                                        .map(CallPlan::inputPaths)
                                        .orElse(List.of()));
        return new ModelDescription(
                model.name(),
                model.metadata(),
                source.map(s -> inputs(s, names)).orElse(List.of()),
                source.map(WrapperSource::outputNames).orElse(List.of()),
                source.map(s -> outputs(archive, model, s)).orElse(List.of()),
                source.map(s -> ConstantInfo.of(s, new WeightsLocator(s, model))).orElse(List.of()),
                source.flatMap(WrapperSource::inSpec),
                source.flatMap(WrapperSource::outSpec),
                source.isPresent(),
                model.isSourceOnly() ? 0 : model.library().size(),
                source.map(ModelDescription::unchecked).orElse(List.of()),
                memory(archive, model, source, ModelOptions.defaults()),
                CompilationInfo.of(CompilationFacts.of(archive, model, source)));
    }

    static MemoryEstimate memory(
            Pt2Archive archive,
            PackagedModel model,
            Optional<WrapperSource> source,
            ModelOptions options) {
        return MemoryEstimate.of(
                MemoryFigures.of(archive, model, source, options.settings()), options.runners());
    }

    private static List<String> inputNames(WrapperSource source) {
        return source.inputs().stream().map(InputSpec::name).toList();
    }

    private static Optional<CallPlan> callPlan(WrapperSource source) {
        return callPlan(
                source.inSpec(), source.outSpec(), inputNames(source), source.outputNames().size());
    }

    private static Optional<CallPlan> callPlan(
            Optional<String> inputSpec,
            Optional<String> outputSpec,
            List<String> inputNames,
            int outputCount) {
        return inputSpec.isEmpty() || outputSpec.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        CallPlan.of(inputSpec.get(), outputSpec.get(), inputNames, outputCount));
    }

    private static List<UncheckedIndex> unchecked(WrapperSource source) {
        return source.indexChecks().unchecked().stream()
                .map(
                        check ->
                                new UncheckedIndex(
                                        check.kernel(),
                                        check.text(),
                                        check.endsProcess(),
                                        check.origin() == IndexChecks.Origin.CONSTANT))
                .toList();
    }

    private static List<OutputInfo> outputs(
            Pt2Archive archive, PackagedModel model, WrapperSource source) {
        List<OutputSpec> specs =
                RunOutputs.of(PreflightReport.wrapper(archive, model).orElse(""), source);
        return IntStream.range(0, specs.size())
                .mapToObj(i -> OutputInfo.of(source.outputNames().get(i), specs.get(i)))
                .toList();
    }

    private static List<InputInfo> inputs(WrapperSource source, InputNames names) {
        return IntStream.range(0, source.inputCount())
                .mapToObj(
                        i ->
                                new InputInfo(
                                        ModelInput.of(
                                                source.inputs().get(i).name(),
                                                names,
                                                Optional.of(source),
                                                i)))
                .toList();
    }
}
