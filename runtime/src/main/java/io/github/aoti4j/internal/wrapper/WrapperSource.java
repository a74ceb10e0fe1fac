package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.indices.IndexChecks;

import java.util.List;
import java.util.Optional;

/**
 * What the generated C++ source of a model (the {@code .wrapper.cpp} of its package) says of the
 * model's inputs, outputs and constants: the only place where a package says it.
 *
 * <p>Written from what PyTorch 2.13 and 2.14 generate ({@code
 * torch/_inductor/codegen/cpp_wrapper_cpu.py}: {@code codegen_model_constructor}, {@code
 * generate_input_output_runtime_checks}, {@code codegen_input_symbol_assignment}, {@code
 * _codegen_assert_size_stride}); older versions write the same with fewer checks. A statement that
 * is not recognised is passed over: the result then requires less of the inputs, never more.
 *
 * @param inputs what is required of each input, in order
 * @param outputNames the outputs' names in the source, such as {@code output0}; empty strings where
 *     it gives none
 * @param constants the constants that the source describes, by increasing index
 * @param symbols the symbols in the inputs' sizes and strides, by increasing slot
 * @param march the machine that the compiler was told to compile for, such as {@code native}; empty
 *     if the source's last lines do not quote the compiler's command
 * @param holdsWeights whether the library loads weights of its own when a container is made; empty
 *     before the PyTorch versions that say
 * @param indexChecks the ranges of indices that the model reads from its inputs
 */
public record WrapperSource(
        int inputCount,
        int outputCount,
        int constantCount,
        List<InputSpec> inputs,
        List<String> outputNames,
        List<ConstantSpec> constants,
        Optional<String> inSpec,
        Optional<String> outSpec,
        List<SizeSymbol> symbols,
        Optional<String> march,
        Optional<Boolean> holdsWeights,
        IndexChecks indexChecks) {
    /** Reads the text of a {@code .wrapper.cpp}; empty if it is not the source of a model. */
    public static Optional<WrapperSource> parse(String source) {
        return parse(source, List.of());
    }

    /** Reads a source with the texts of the {@code .kernel.cpp} beside it. */
    public static Optional<WrapperSource> parse(String source, List<String> kernels) {
        return new WrapperParser(source, kernels).parse();
    }
}
