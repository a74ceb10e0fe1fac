package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;
import java.util.Optional;

/**
 * What a model returns as one of its outputs, as far as its wrapper source shows.
 *
 * @param dtype empty if it is not known
 * @param sizes empty if not even the rank is known
 */
public record OutputSpec(Optional<DType> dtype, Optional<List<SizeExpression>> sizes) {
    static final OutputSpec UNKNOWN = new OutputSpec(Optional.empty(), Optional.empty());

    OutputSpec withSizes(Optional<List<SizeExpression>> other) {
        return new OutputSpec(dtype, other);
    }
}
