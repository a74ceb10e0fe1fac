package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.constants.RequiredConstant;
import io.github.aoti4j.internal.load.WeightsLocator;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A constant of a model: a parameter, a buffer, or a tensor that its code mentions.
 *
 * @param fqn the name in the PyTorch module; the internal name if the source does not say
 * @param dtype its element type; empty if the source does not say
 * @param shape the sizes, in elements; empty if the source does not say
 * @param bytes how much of the weights it takes; -1 if the source does not say
 * @param kind {@code Parameter}, {@code Buffer}, {@code TensorConstant}, {@code FoldedConstant} or
 *     {@code Unknown}
 * @param location where its values lie, in words
 */
public record ConstantInfo(
        String fqn,
        Optional<DType> dtype,
        Optional<List<Long>> shape,
        long bytes,
        String kind,
        String location) {
    private static final List<String> KINDS =
            List.of("Unknown", "Parameter", "Buffer", "TensorConstant", "FoldedConstant");

    static List<ConstantInfo> of(WrapperSource source, WeightsLocator locator) {
        return source.constants().stream().map(c -> of(c, locator.location(c))).toList();
    }

    private static ConstantInfo of(ConstantSpec constant, String location) {
        return new ConstantInfo(
                constant.fqn().orElse(constant.name()),
                constant.dtype(),
                constant.shape(),
                constant.dataSize(),
                constant.kind().orElse("Unknown"),
                location);
    }

    static ConstantInfo of(RequiredConstant need, String location) {
        return new ConstantInfo(
                need.fqn(),
                need.dtype(),
                Optional.ofNullable(need.shape())
                        .map(shape -> Arrays.stream(shape).boxed().toList()),
                need.dataSize(),
                need.type() >= 0 && need.type() < KINDS.size()
                        ? KINDS.get(need.type())
                        : KINDS.getFirst(),
                location);
    }
}
