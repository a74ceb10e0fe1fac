package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.indices.IndexRange;
import io.github.aoti4j.internal.wrapper.DimensionSpec;
import io.github.aoti4j.internal.wrapper.InputSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a model takes as one of its inputs, as far as its package says. Immutable.
 *
 * @param index in call order
 * @param dtype empty if it is not known
 * @param deviceType empty if it is not known
 * @param fixedShape empty if the sizes may vary or are not known; not to be written
 * @param dimensions empty if the rank is not known
 * @param description of dtype, sizes and strides
 * @param ranges that elements must be in
 * @param isScalar whether it has one element, so that a number can stand for it
 */
public record ModelInput(
        String name,
        int index,
        InputNames names,
        Optional<DType> dtype,
        Optional<Device.Type> deviceType,
        Optional<long[]> fixedShape,
        Optional<List<DimensionSpec>> dimensions,
        String description,
        List<IndexRange> ranges,
        boolean isScalar) {

    /** Describes an input of a model whose source is known or not. */
    public static ModelInput of(
            String name, InputNames names, Optional<WrapperSource> source, int index) {
        if (source.isEmpty()) {
            return new ModelInput(
                    name,
                    index,
                    names,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    "unknown: the package holds no source",
                    List.of(),
                    false);
        }
        InputSpec spec = source.get().inputs().get(index);
        return new ModelInput(
                name,
                index,
                names,
                spec.dtype(),
                type(spec.deviceType().orElse(-1)),
                spec.fixedShape(),
                spec.rankKnown() ? Optional.of(spec.dimensions()) : Optional.empty(),
                spec.describe(),
                source.get().indexChecks().rangesOf(index),
                spec.isScalar());
    }

    /** The kinds by {@code c10::DeviceType}. */
    private static Optional<Device.Type> type(int number) {
        return switch (number) {
            case 0 -> Optional.of(Device.Type.CPU);
            case 1 -> Optional.of(Device.Type.CUDA);
            default -> Optional.empty();
        };
    }

    /** Returns where the input stands in the exported call; empty if the package does not say. */
    public Optional<String> path() {
        return names.path(index);
    }

    /** Returns all inputs of a model in parentheses. */
    static String list(List<ModelInput> inputs) {
        return inputs.stream()
                .map(ModelInput::toString)
                .collect(Collectors.joining(", ", "(", ")"));
    }

    @Override
    public String toString() {
        String known = path().map(path -> path + " (" + name + ")").orElse(name);
        return known + ": " + description;
    }
}
