package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.inputs.InputDescription;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.wrapper.InputSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;

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
    private final String name;
    private final int index;
    private final InputNames names;

    /** Null if it is not known. */
    private final DType dtype;

    /** Null if it is not known. */
    private final Device.Type deviceType;

    /** Null if the sizes may vary or are not known. */
    private final long[] fixedShape;

    private final String description;

    private final List<ValueRange> valueRanges;

    /** Whether a number can stand for it. */
    private final boolean scalar;

    private InputInfo(
            String name,
            int index,
            InputNames names,
            DType dtype,
            Device.Type deviceType,
            long[] fixedShape,
            String description,
            List<ValueRange> valueRanges,
            boolean scalar) {
        this.name = name;
        this.index = index;
        this.names = names;
        this.dtype = dtype;
        this.deviceType = deviceType;
        this.fixedShape = fixedShape;
        this.description = description;
        this.valueRanges = valueRanges;
        this.scalar = scalar;
    }

    static InputInfo of(String name, InputNames names, Optional<WrapperSource> source, int index) {
        if (source.isEmpty()) {
            return new InputInfo(
                    name,
                    index,
                    names,
                    null,
                    null,
                    null,
                    "unknown: the package holds no source",
                    List.of(),
                    false);
        }
        InputSpec input = source.get().inputs().get(index);
        return new InputInfo(
                name,
                index,
                names,
                input.dtype().orElse(null),
                type(input.deviceType().orElse(-1)),
                input.fixedShape().orElse(null),
                InputDescription.of(source.get(), index),
                source.get().indexChecks().rangesOf(index).stream()
                        .map(range -> new ValueRange(range.min(), range.max(), range.text()))
                        .toList(),
                input.isScalar());
    }

    /** The kinds by {@code c10::DeviceType}. */
    private static Device.Type type(int number) {
        return number == 0 ? Device.Type.CPU : number == 1 ? Device.Type.CUDA : null;
    }

    /**
     * Returns the name that the exported graph has for the input.
     *
     * @return for example {@code arg0_1}
     */
    public String name() {
        return name;
    }

    /**
     * Returns where the input stands in the exported call. PyTorch keeps the names of keyword
     * arguments, but not those of positional ones.
     *
     * @return for example {@code args[0]} or {@code kwargs.x}, as {@link CallSpec#inputPaths} has
     *     it; empty if the package does not state it
     */
    public Optional<String> path() {
        return names.path(index);
    }

    /**
     * Returns the element type.
     *
     * @return empty if the package does not say
     */
    public Optional<DType> dtype() {
        return Optional.ofNullable(dtype);
    }

    /**
     * Returns the kind of device that the input has to be on. Models for CUDA may take single
     * inputs on the CPU.
     *
     * @return empty if the package does not say
     */
    public Optional<Device.Type> deviceType() {
        return Optional.ofNullable(deviceType);
    }

    /**
     * Returns the sizes, if the model takes no others.
     *
     * @return a fresh array; empty if a size may vary, or the package does not say
     */
    public Optional<long[]> fixedShape() {
        return Optional.ofNullable(fixedShape).map(long[]::clone);
    }

    /**
     * Describes dtype, sizes with their ranges, and strides where they are not row-major.
     *
     * @return for example {@code float32 [s77: 1..1024, 10]}
     */
    public String description() {
        return description;
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

    /** Tells whether it has one element, so that a number can stand for it. */
    boolean isScalar() {
        return scalar;
    }

    @Override
    public String toString() {
        String known = path().map(path -> path + " (" + name + ")").orElse(name);
        return known + ": " + description();
    }
}
