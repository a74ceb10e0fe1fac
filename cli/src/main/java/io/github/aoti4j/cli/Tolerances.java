package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import picocli.CommandLine.Option;

/** How far an output may be from what is expected. */
final class Tolerances {
    /** The defaults. */
    static final Tolerances DEFAULT = new Tolerances();

    @Option(
            names = "--rtol",
            paramLabel = "X",
            description =
                    "Relative tolerance. Default by dtype, as torch.testing.assert_close has it:"
                            + " 1.3e-6 for float32, 1e-7 for float64, 1e-3 for float16, 1.6e-2 for"
                            + " bfloat16, 0 for integers.")
    private Double rtol;

    @Option(
            names = "--atol",
            paramLabel = "X",
            description =
                    "Absolute tolerance. Default by dtype: 1e-5, 1e-7 for float64, 0 for integers.")
    private Double atol;

    /** Made by picocli. */
    Tolerances() {}

    Comparison compare(Tensor actual, Tensor expected) {
        return Comparison.of(actual, expected, rtol, atol);
    }
}
