package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.wrapper.OutputSpec;

import java.util.List;
import java.util.Optional;

/**
 * What a model returns as one of its outputs, as far as its package shows: the generated source
 * makes the tensors that it returns, or has operators make them, whose results it may not describe.
 *
 * @param name the output's name, such as {@code output0}; empty if the package gives none
 * @param dtype the element type; empty if it is not known
 * @param dimensions the dimensions, outermost first; empty if not even their number is known
 */
public record OutputInfo(String name, Optional<DType> dtype, Optional<List<Dimension>> dimensions) {
    static OutputInfo of(String name, OutputSpec spec) {
        return new OutputInfo(
                name,
                spec.dtype(),
                spec.sizes()
                        .map(
                                sizes ->
                                        sizes.stream()
                                                .map(s -> Dimension.of(s, 0, Long.MAX_VALUE))
                                                .toList()));
    }

    /**
     * Describes the output.
     *
     * @return for example {@code output0: float32 [s77, 10]}
     */
    @Override
    public String toString() {
        return name
                + ": "
                + dtype.map(DType::torchName).orElse("any dtype")
                + " "
                + dimensions.map(List::toString).orElse("[…]");
    }
}
