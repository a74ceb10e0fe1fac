package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.NarrowFloats;
import io.github.aoti4j.internal.tensor.StridedCopy;

import java.lang.foreign.MemorySegment;

/**
 * Reads a tensor's elements into Java arrays, in row-major order, by one copy where no conversion
 * is needed.
 */
final class TensorReader {
    /** A little below the largest array that JVMs can make. */
    private static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

    private TensorReader() {}

    static float[] floats(Tensor tensor) {
        requireFloat(tensor);
        float[] result = new float[count(tensor)];
        switch (tensor.dtype()) {
            case FLOAT32, COMPLEX64 -> gather(tensor, MemorySegment.ofArray(result));
            case FLOAT16, BFLOAT16, COMPLEX32 -> {
                short[] bits = new short[result.length];
                gather(tensor, MemorySegment.ofArray(bits));
                for (int i = 0; i < bits.length; i++) {
                    result[i] = NarrowFloats.toFloat(tensor.dtype(), bits[i]);
                }
            }
            default -> {
                byte[] bits = bytes(tensor);
                for (int i = 0; i < bits.length; i++) {
                    result[i] = NarrowFloats.toFloat(tensor.dtype(), bits[i]);
                }
            }
        }
        return result;
    }

    /** Before there is an array, which may not fit on the heap. */
    private static void requireFloat(Tensor tensor) {
        switch (tensor.dtype()) {
            case FLOAT32,
                    COMPLEX64,
                    FLOAT16,
                    BFLOAT16,
                    COMPLEX32,
                    FLOAT8_E5M2,
                    FLOAT8_E4M3FN,
                    FLOAT8_E5M2FNUZ,
                    FLOAT8_E4M3FNUZ,
                    FLOAT8_E8M0FNU -> {}
            default -> throw cannot(tensor, "float");
        }
    }

    private static void requireInteger(Tensor tensor) {
        switch (tensor.dtype()) {
            case INT32, UINT32, INT16, UINT16, INT8, UINT8, BOOL -> {}
            default -> throw cannot(tensor, "integer");
        }
    }

    static double[] doubles(Tensor tensor) {
        boolean wide = tensor.dtype() == DType.FLOAT64 || tensor.dtype() == DType.COMPLEX128;
        float[] narrow = wide ? null : floats(tensor);
        double[] result = new double[count(tensor)];
        if (wide) {
            gather(tensor, MemorySegment.ofArray(result));
            return result;
        }
        for (int i = 0; i < result.length; i++) {
            result[i] = narrow[i];
        }
        return result;
    }

    static long[] longs(Tensor tensor) {
        boolean wide = tensor.dtype() == DType.INT64 || tensor.dtype() == DType.UINT64;
        int[] narrow = wide ? null : ints(tensor);
        long[] result = new long[count(tensor)];
        if (wide) {
            gather(tensor, MemorySegment.ofArray(result));
            return result;
        }
        boolean unsigned = tensor.dtype() == DType.UINT32;
        for (int i = 0; i < result.length; i++) {
            result[i] = unsigned ? Integer.toUnsignedLong(narrow[i]) : narrow[i];
        }
        return result;
    }

    static int[] ints(Tensor tensor) {
        requireInteger(tensor);
        int[] result = new int[count(tensor)];
        switch (tensor.dtype()) {
            case INT32, UINT32 -> gather(tensor, MemorySegment.ofArray(result));
            case INT16, UINT16 -> {
                short[] bits = new short[result.length];
                gather(tensor, MemorySegment.ofArray(bits));
                boolean signed = tensor.dtype() == DType.INT16;
                for (int i = 0; i < bits.length; i++) {
                    result[i] = signed ? bits[i] : Short.toUnsignedInt(bits[i]);
                }
            }
            default -> {
                byte[] bits = bytes(tensor);
                boolean signed = tensor.dtype() == DType.INT8;
                for (int i = 0; i < bits.length; i++) {
                    result[i] = signed ? bits[i] : Byte.toUnsignedInt(bits[i]);
                }
            }
        }
        return result;
    }

    static boolean[] booleans(Tensor tensor) {
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

    static byte[] bytes(Tensor tensor) {
        tensor.requireReadable();
        long count = tensor.elementCount() * tensor.dtype().byteSize();
        if (count > MAX_LENGTH) {
            throw tooMany(tensor);
        }
        byte[] result = new byte[(int) count];
        gather(tensor, MemorySegment.ofArray(result));
        return result;
    }

    private static void gather(Tensor tensor, MemorySegment target) {
        if (target.byteSize() == 0) {
            // No byte is touched, but a closed arena must be refused all the same.
            if (!tensor.segment().scope().isAlive()) {
                throw new IllegalStateException("the arena of " + tensor + " is closed");
            }
            return;
        }
        try {
            StridedCopy.gather(
                    tensor.segment(),
                    tensor.shapeUnsafe(),
                    tensor.stridesUnsafe(),
                    tensor.dtype().byteSize(),
                    target);
        } catch (IllegalStateException | WrongThreadException e) {
            RuntimeException explained = ClosedArenas.explained(e, tensor, "the tensor read");
            throw explained == null ? e : explained;
        }
    }

    /** How many array elements the tensor fills: a complex one fills two. */
    private static int count(Tensor tensor) {
        tensor.requireReadable();
        long parts = tensor.dtype().isComplex() ? 2 : 1;
        if (tensor.elementCount() > MAX_LENGTH / parts) {
            throw tooMany(tensor);
        }
        return (int) (tensor.elementCount() * parts);
    }

    private static InvalidInputException tooMany(Tensor tensor) {
        return new InvalidInputException(
                tensor + " has more elements than a Java array can hold: read its segment()");
    }

    private static InvalidInputException cannot(Tensor tensor, String kind) {
        return new InvalidInputException(
                "%s does not hold %s elements: read it as its own type, or with toByteArray()"
                        .formatted(tensor, kind));
    }
}
