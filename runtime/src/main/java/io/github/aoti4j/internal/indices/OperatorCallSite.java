package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a wrapper source says of one call through the proxy executor.
 *
 * <p>Sizes and strides are expressions over the symbols of the source. Symbols that do not come
 * from the inputs' sizes and strides have the slot {@link #FREE} and no value.
 *
 * @param integers what is passed for integers; empty if that is not understood
 * @param tensors arguments first, then results; empty if that is not understood
 */
public record OperatorCallSite(
        int node, List<SizeExpression> integers, List<PassedTensor> tensors) {
    /** The slot of a symbol that is not computed from the inputs. */
    public static final int FREE = -1;

    /**
     * An argument or a result.
     *
     * @param sizes empty if not stated
     * @param strides empty if not stated
     * @param dtype what the code that reads the memory takes the elements for; empty if no such
     *     code is known
     * @param usesLayout whether code depends on the sizes and strides
     * @param usesDtype whether code depends on the element type without checking it
     * @param sizeNames by dimension: the symbol that the source defines as this tensor's size
     */
    public record PassedTensor(
            Optional<List<SizeExpression>> sizes,
            Optional<List<SizeExpression>> strides,
            Optional<DType> dtype,
            boolean usesLayout,
            boolean usesDtype,
            Map<Integer, String> sizeNames) {}
}
