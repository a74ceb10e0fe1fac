package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.inputs.ModelInput;

import java.util.List;
import java.util.Optional;

/**
 * What a model takes as one of its inputs, as far as its package says. Immutable.
 *
 * <p>Packages hold the generated source of the model, and in it the checks of the inputs ({@code
 * check_input_N} and {@code assert_size_stride}, written by {@code
 * torch/_inductor/codegen/cpp_wrapper_cpu.py}).
 */
public final class InputInfo {
    private final ModelInput input;
    private final List<ValueRange> valueRanges;

    InputInfo(ModelInput input) {
        this.input = input;
        this.valueRanges =
                input.ranges().stream()
                        .map(range -> new ValueRange(range.min(), range.max(), range.text()))
                        .toList();
    }

    /** {@return the name that the exported graph has for the input; for example {@code arg0_1}} */
    public String name() {
        return input.name();
    }

    /**
     * Returns where the input stands in the exported call. PyTorch keeps the names of keyword
     * arguments, but not those of positional ones.
     *
     * @return for example {@code args[0]} or {@code kwargs.x}, as {@link CallSpec#inputPaths} has
     *     it; empty if the package does not state it
     */
    public Optional<String> path() {
        return input.path();
    }

    /** {@return the element type; empty if the package does not say} */
    public Optional<DType> dtype() {
        return input.dtype();
    }

    /**
     * Returns the kind of device that the input has to be on. Models for CUDA may take single
     * inputs on the CPU.
     *
     * @return empty if the package does not say
     */
    public Optional<Device.Type> deviceType() {
        return input.deviceType();
    }

    /**
     * {@return the sizes, if the model takes no others; a fresh array; empty if a size may vary, or
     * the package does not say}
     */
    public Optional<long[]> fixedShape() {
        return input.fixedShape().map(long[]::clone);
    }

    /**
     * Returns the sizes that the model takes.
     *
     * @return outermost first; empty if the package does not say how many dimensions there are
     */
    public Optional<List<Dimension>> dimensions() {
        return input.dimensions().map(list -> list.stream().map(Dimension::of).toList());
    }

    /**
     * Describes dtype, sizes with their ranges, and strides where they are not row-major.
     *
     * @return for example {@code float32 [s77: 1..1024, 10]}
     */
    public String description() {
        return input.description();
    }

    /**
     * Returns the ranges that elements must be in because the model uses them as indices. They are
     * checked before each run ({@link ModelOptions#checkIndices}).
     *
     * @return unmodifiable; empty if there are none, or the source does not show which elements are
     *     used ({@link ModelDescription#uncheckedIndices()}). Each is for all elements, or for
     *     those that the model reads, such as the first of each row
     */
    public List<ValueRange> valueRanges() {
        return valueRanges;
    }

    @Override
    public String toString() {
        return input.toString();
    }
}
