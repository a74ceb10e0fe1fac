package io.github.aoti4j.internal.builtin.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

/** Sets all elements of a tensor. Elements that lie in the same place may. */
public final class Fills {
    private Fills() {}

    /** {@code aoti_torch_zero_}. */
    public static void zero(long self) {
        Tensors.require(self, "self");
        if (Layouts.isDense(self)) {
            clear(Tensors.data(self), Layouts.spanBytes(self));
        } else {
            long one = Tensors.begin(Tensors.dtype(self), 0);
            Tensors.allocate(one);
            clear(Tensors.data(one), Layouts.spanBytes(one));
            repeat(one, self);
        }
    }

    /** {@code aoti_torch_cpu_fill__Scalar}. */
    public static void fill(long self, double value) {
        Tensors.require(self, "self");
        Numbers.requireNumber(self, "self");
        int dtype = Tensors.dtype(self);
        // In a single element of 16 bits, libtorch makes infinities of what does not fit.
        boolean is16Bits = dtype == Numbers.FLOAT16 || dtype == Numbers.BFLOAT16;
        if (Tensors.count(self) != 1 || !is16Bits) {
            Conversions.requireFits(value, dtype);
        }
        long one = Tensors.begin(dtype, 0);
        Tensors.allocate(one);
        Numbers.setDouble(dtype, Tensors.data(one), value);
        repeat(one, self);
    }

    /** Copies an element to all, and deletes its tensor. */
    private static void repeat(long one, long self) {
        try {
            StridedCopies.copy(self, one);
        } finally {
            Tensors.delete(one);
        }
    }

    private static void clear(long address, long bytes) {
        long at = address;
        long end = address + bytes;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            Raw.setLong(at, 0);
        }
        for (; at < end; at++) {
            Raw.MEMORY.set(JAVA_BYTE, at, (byte) 0);
        }
    }
}
