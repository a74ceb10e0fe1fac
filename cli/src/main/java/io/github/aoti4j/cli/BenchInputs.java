package io.github.aoti4j.cli;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The inputs of a benchmark. Each worker gets copies: a model may write into its inputs. */
final class BenchInputs {
    private final Model model;

    /** On the CPU; never passed to a run. */
    private final List<Tensor> originals;

    private BenchInputs(Model model, List<Tensor> originals) {
        this.model = model;
        this.originals = originals;
    }

    static BenchInputs read(Path file, Model model, Arena arena) {
        return new BenchInputs(model, TensorFiles.readInputs(file, model, arena));
    }

    /**
     * Makes zeros; {@code shapes} has at least the inputs whose sizes vary.
     *
     * @throws IllegalArgumentException if a shape is missing, or the model does not accept it
     */
    static BenchInputs zeros(Model model, List<Shape> shapes, Arena arena) {
        List<InputInfo> inputs = model.inputs();
        Set<Integer> given = new HashSet<>();
        for (Shape shape : shapes) {
            if (!given.add(shape.input())) {
                throw new IllegalArgumentException(
                        "input %d has two shapes".formatted(shape.input()));
            }
            if (shape.input() >= inputs.size()) {
                throw new IllegalArgumentException(
                        "there is no input %d; the model takes %d"
                                .formatted(shape.input(), inputs.size()));
            }
        }
        List<long[]> sizes = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            sizes.add(sizes(i, inputs.get(i), shapes));
        }
        // Before memory is allocated: sizes that do not fit may be larger than the machine.
        model.checkShapes(sizes);
        List<long[]> strides = model.stridesFor(sizes);
        List<Tensor> zeros = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            DType dtype = inputs.get(i).dtype().orElseThrow();
            zeros.add(
                    Tensor.zeros(arena, dtype, sizes.get(i))
                            .copyWithStrides(arena, strides.get(i)));
        }
        return new BenchInputs(model, zeros);
    }

    private static long[] sizes(int index, InputInfo input, List<Shape> shapes) {
        if (input.dtype().isEmpty()) {
            throw new IllegalArgumentException(
                    "the package does not say the element type of input %d (%s): give --inputs"
                            .formatted(index, input));
        }
        return shapes.stream()
                .filter(shape -> shape.input() == index)
                .map(shape -> shape.sizes().stream().mapToLong(Long::longValue).toArray())
                .findFirst()
                .or(input::fixedShape)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        ("the sizes of input %d (%s) are not fixed: give --inputs,"
                                                        + " or --shape %1$d=SIZES for zeros, such"
                                                        + " as --shape %1$d=8x10")
                                                .formatted(index, input)));
    }

    /** Makes copies on the device where the model wants them. */
    Tensor[] copy(Arena arena) {
        List<Tensor> copies = new ArrayList<>();
        for (Tensor tensor : originals) {
            copies.add(tensor.copyWithStrides(arena, tensor.strides()));
        }
        return DeviceTransfer.toModel(model, copies, arena).toArray(Tensor[]::new);
    }

    /** Restores copies into which a model has written. */
    void restore(Tensor... copies) {
        for (int i = 0; i < copies.length; i++) {
            copies[i].copyFrom(originals.get(i));
        }
    }

    /** Returns whether copies are unchanged, bit by bit. */
    boolean equal(Tensor... copies) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> read = DeviceTransfer.toCpu(List.of(copies), arena);
            for (int i = 0; i < read.size(); i++) {
                if (read.get(i).segment().mismatch(originals.get(i).segment()) >= 0) {
                    return false;
                }
            }
            return true;
        }
    }

    List<Tensor> tensors() {
        return originals;
    }

    /** {@code --shape}: the sizes of an input, given by its index. */
    record Shape(int input, List<Long> sizes) {
        /** {@code 0=8x10}. */
        static final class Converter implements ITypeConverter<Shape> {
            private static final Pattern FORM =
                    Pattern.compile("(\\d{1,6})=((?:\\d{1,18}(?:x\\d{1,18})*)?)");

            @Override
            public Shape convert(String value) {
                var form = FORM.matcher(value);
                if (!form.matches()) {
                    throw new TypeConversionException(
                            "'"
                                    + value
                                    + "' is not a shape; write for example 0=8x10 for input 0, or"
                                    + " 1= for an input 1 without dimensions");
                }
                List<Long> sizes =
                        form.group(2).isEmpty()
                                ? List.of()
                                : Arrays.stream(form.group(2).split("x"))
                                        .map(Long::valueOf)
                                        .toList();
                return new Shape(Integer.parseInt(form.group(1)), sizes);
            }
        }
    }
}
