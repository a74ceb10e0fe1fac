package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.TensorFactory;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Numbers as tensors of one element. The ABI knows tensors only: AOTInductor passes a number that
 * is not known at compile time, such as a symbolic integer, as a tensor without dimensions and
 * reads it with {@code aoti_torch_item_*}.
 */
public final class ScalarTensors {
    private ScalarTensors() {}

    /**
     * Makes a tensor of a number.
     *
     * @param arena owns it
     * @param value a number or a truth value
     * @throws InvalidInputException if the input is no scalar, or of a type that cannot hold the
     *     value exactly (floating point rounds)
     */
    public static TensorView of(Arena arena, Object value, ModelInput input, String path) {
        DType dtype = input.dtype().orElse(null);
        if (dtype == null || !input.isScalar()) {
            throw mismatch(value, input, path);
        }
        TensorView tensor = TensorFactory.zeros(arena, dtype);
        MemorySegment memory = tensor.segment();
        switch (dtype) {
            case FLOAT32 -> memory.set(ValueLayout.JAVA_FLOAT, 0, (float) real(value, input, path));
            case FLOAT64 -> memory.set(ValueLayout.JAVA_DOUBLE, 0, real(value, input, path));
            case BOOL -> {
                if (!(value instanceof Boolean truth)) {
                    throw mismatch(value, input, path);
                }
                memory.set(ValueLayout.JAVA_BOOLEAN, 0, truth);
            }
            case INT64, INT32, INT16, INT8, UINT8 -> {
                long number = integer(value, dtype, input, path);
                switch (dtype.byteSize()) {
                    case 8 -> memory.set(ValueLayout.JAVA_LONG, 0, number);
                    case 4 -> memory.set(ValueLayout.JAVA_INT, 0, (int) number);
                    case 2 -> memory.set(ValueLayout.JAVA_SHORT, 0, (short) number);
                    default -> memory.set(ValueLayout.JAVA_BYTE, 0, (byte) number);
                }
            }
            default -> throw mismatch(value, input, path);
        }
        return tensor;
    }

    private static double real(Object value, ModelInput input, String path) {
        return switch (value) {
            case Double number -> number;
            case Float number -> number;
            case Long _, Integer _, Short _, Byte _ -> ((Number) value).doubleValue();
            default -> throw mismatch(value, input, path);
        };
    }

    private static long integer(Object value, DType dtype, ModelInput input, String path) {
        if (!(value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte)) {
            throw mismatch(value, input, path);
        }
        long number = ((Number) value).longValue();
        int bits = dtype.byteSize() * Byte.SIZE;
        long min = dtype == DType.UINT8 ? 0 : Long.MIN_VALUE >> (Long.SIZE - bits);
        long max = dtype == DType.UINT8 ? 255 : ~min;
        if (number < min || number > max) {
            throw new InvalidInputException(
                    "%s is %d, which %s cannot hold".formatted(path, number, dtype.torchName()));
        }
        return number;
    }

    private static InvalidInputException mismatch(Object value, ModelInput input, String path) {
        return new InvalidInputException(
                "%s is a %s, but a Tensor is required: %s"
                        .formatted(path, value.getClass().getName(), input.description()));
    }
}
