package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The tolerances of a comparison. */
final class Tolerances {
    static final Tolerances DEFAULT = new Tolerances();

    @Option(
            names = "--rtol",
            paramLabel = "X",
            converter = Tolerance.class,
            description =
                    "Relative tolerance. Default by dtype, as torch.testing.assert_close has it:"
                            + " 1.3e-6 for float32, 1e-7 for float64, 1e-3 for float16, 1.6e-2 for"
                            + " bfloat16, 0 for integers.")
    private Double rtol;

    @Option(
            names = "--atol",
            paramLabel = "X",
            converter = Tolerance.class,
            description =
                    "Absolute tolerance. Default by dtype: 1e-5, 1e-7 for float64, 0 for integers.")
    private Double atol;

    TensorComparison compare(Tensor actual, Tensor expected) {
        return new TensorComparison(actual, expected, rtol, atol);
    }

    /** Rejects NaN, with which everything would match. */
    static final class Tolerance implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            try {
                double tolerance = Double.parseDouble(value);
                if (tolerance >= 0 && Double.isFinite(tolerance)) {
                    return tolerance;
                }
            } catch (NumberFormatException e) {
                // Refused below.
            }
            throw new TypeConversionException("'" + value + "' is not a number of at least 0");
        }
    }
}
