package io.github.aoti4j.internal.tensor;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;

/**
 * Reads a tensor's elements into Java arrays, in row-major order, by one copy where no conversion
 * is needed.
 */
public final class TensorReader {
    /** A little below the largest array that JVMs can make. */
    private static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

    private TensorReader() {}

    public static float[] floats(TensorView tensor) {
        DType dtype = tensor.dtype();
        return switch (dtype) {
            case FLOAT32, COMPLEX64 -> {
                float[] result = new float[count(tensor)];
                gather(tensor, MemorySegment.ofArray(result));
                yield result;
            }
            case FLOAT16, BFLOAT16, COMPLEX32 -> {
                short[] bits = shorts(tensor);
                float[] result = new float[bits.length];
                for (int i = 0; i < bits.length; i++) {
                    result[i] = NarrowFloats.toFloat(dtype, bits[i]);
                }
                yield result;
            }
            case FLOAT8_E5M2, FLOAT8_E4M3FN, FLOAT8_E5M2FNUZ, FLOAT8_E4M3FNUZ, FLOAT8_E8M0FNU -> {
                byte[] bits = bytes(tensor);
                float[] result = new float[bits.length];
                for (int i = 0; i < bits.length; i++) {
                    result[i] = NarrowFloats.toFloat(dtype, bits[i]);
                }
                yield result;
            }
            default -> throw cannot(tensor, "float");
        };
    }

    public static double[] doubles(TensorView tensor) {
        if (tensor.dtype() == DType.FLOAT64 || tensor.dtype() == DType.COMPLEX128) {
            double[] result = new double[count(tensor)];
            gather(tensor, MemorySegment.ofArray(result));
            return result;
        }
        float[] narrow = floats(tensor);
        double[] result = new double[narrow.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = narrow[i];
        }
        return result;
    }

    public static long[] longs(TensorView tensor) {
        if (tensor.dtype() == DType.INT64 || tensor.dtype() == DType.UINT64) {
            long[] result = new long[count(tensor)];
            gather(tensor, MemorySegment.ofArray(result));
            return result;
        }
        int[] narrow = ints(tensor);
        boolean unsigned = tensor.dtype() == DType.UINT32;
        long[] result = new long[narrow.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = unsigned ? Integer.toUnsignedLong(narrow[i]) : narrow[i];
        }
        return result;
    }

    public static int[] ints(TensorView tensor) {
        return switch (tensor.dtype()) {
            case INT32, UINT32 -> {
                int[] result = new int[count(tensor)];
                gather(tensor, MemorySegment.ofArray(result));
                yield result;
            }
            case INT16, UINT16 -> {
                short[] bits = shorts(tensor);
                int[] result = new int[bits.length];
                boolean signed = tensor.dtype() == DType.INT16;
                for (int i = 0; i < bits.length; i++) {
                    result[i] = signed ? bits[i] : Short.toUnsignedInt(bits[i]);
                }
                yield result;
            }
            case INT8, UINT8, BOOL -> {
                byte[] bits = bytes(tensor);
                int[] result = new int[bits.length];
                boolean signed = tensor.dtype() == DType.INT8;
                for (int i = 0; i < bits.length; i++) {
                    result[i] = signed ? bits[i] : Byte.toUnsignedInt(bits[i]);
                }
                yield result;
            }
            default -> throw cannot(tensor, "integer");
        };
    }

    private static short[] shorts(TensorView tensor) {
        short[] bits = new short[count(tensor)];
        gather(tensor, MemorySegment.ofArray(bits));
        return bits;
    }

    public static boolean[] booleans(TensorView tensor) {
        if (tensor.dtype() != DType.BOOL) {
            throw cannot(tensor, "boolean");
        }
        byte[] bits = bytes(tensor);
        boolean[] result = new boolean[bits.length];
        for (int i = 0; i < bits.length; i++) {
            result[i] = bits[i] != 0;
        }
        return result;
    }

    public static byte[] bytes(TensorView tensor) {
        tensor.requireReadable();
        long count = tensor.elementCount() * tensor.dtype().byteSize();
        if (count > MAX_LENGTH) {
            throw tooMany(tensor);
        }
        byte[] result = new byte[(int) count];
        gather(tensor, MemorySegment.ofArray(result));
        return result;
    }

    private static void gather(TensorView tensor, MemorySegment target) {
        if (target.byteSize() == 0) {
            // No byte is touched, but a closed arena must be refused all the same.
            tensor.requireOpen();
            return;
        }
        try {
            StridedCopy.gather(
                    tensor.segment(),
                    tensor.shape(),
                    tensor.strides(),
                    tensor.dtype().byteSize(),
                    target);
        } catch (IllegalStateException | WrongThreadException e) {
            RuntimeException explained = ClosedArenas.explained(e, tensor, "the tensor read");
            throw explained == null ? e : explained;
        }
    }

    /** How many array elements the tensor fills: a complex one fills two. */
    private static int count(TensorView tensor) {
        tensor.requireReadable();
        long parts = tensor.dtype().isComplex() ? 2 : 1;
        if (tensor.elementCount() > MAX_LENGTH / parts) {
            throw tooMany(tensor);
        }
        return (int) (tensor.elementCount() * parts);
    }

    private static InvalidInputException tooMany(TensorView tensor) {
        return new InvalidInputException(
                tensor + " has more elements than a Java array can hold: read its segment()");
    }

    private static InvalidInputException cannot(TensorView tensor, String kind) {
        return new InvalidInputException(
                "%s does not hold %s elements: read it as its own type, or with toByteArray()"
                        .formatted(tensor, kind));
    }

    /**
     * Returns a view of one element, to be read as one.
     *
     * @throws IndexOutOfBoundsException if an index is outside its dimension
     * @throws InvalidInputException if there are more or fewer indices than dimensions, or an
     *     element is a pair of numbers
     */
    public static TensorView element(TensorView tensor, long[] indices) {
        if (tensor.dtype().isComplex()) {
            throw new InvalidInputException(
                    "an element of %s is a pair of numbers: use toFloatArray() or toDoubleArray()"
                            .formatted(tensor));
        }
        long[] shape = tensor.shape();
        if (requireNonNull(indices, "indices").length != shape.length) {
            throw new InvalidInputException(
                    "%d indices are given, but %s has %d dimensions"
                            .formatted(indices.length, tensor, shape.length));
        }
        long offset = 0;
        for (int d = 0; d < shape.length; d++) {
            if (indices[d] < 0 || indices[d] >= shape[d]) {
                throw new IndexOutOfBoundsException(
                        "index %d is outside dimension %d of size %d, of %s at %s"
                                .formatted(
                                        indices[d], d, shape[d], tensor, Shapes.toString(indices)));
            }
            offset += indices[d] * tensor.strides()[d];
        }
        int size = tensor.dtype().byteSize();
        MemorySegment memory = tensor.segment();
        return new TensorView(
                tensor.dtype(),
                new long[0],
                new long[0],
                tensor.device().isCpu() ? memory.asSlice(offset * size, size) : memory,
                tensor.device(),
                tensor.uses());
    }

    /** Returns the value of a tensor that has one element. */
    public static Number item(TensorView tensor) {
        if (tensor.elementCount() != 1) {
            throw new InvalidInputException(
                    "%s has %d elements, and item() reads the value of a tensor with one: use getFloat, getDouble or getLong with indices"
                            .formatted(tensor, tensor.elementCount()));
        }
        if (tensor.dtype().isComplex()) {
            throw new InvalidInputException(
                    "%s holds a complex number, which is no Number: use toDoubleArray(), real part first"
                            .formatted(tensor));
        }
        if (isInteger(tensor.dtype())) {
            long value = longs(tensor)[0];
            return tensor.dtype() == DType.UINT64 && value < 0
                    ? new BigInteger(Long.toUnsignedString(value))
                    : (Number) value;
        }
        return doubles(tensor)[0];
    }

    private static boolean isInteger(DType dtype) {
        return switch (dtype) {
            case BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> true;
            default -> false;
        };
    }
}
