package io.github.aoti4j.core;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The element types that PyTorch's AOTInductor ABI names ({@code aoti_torch_dtype_*} in {@code
 * torch/csrc/inductor/aoti_torch/c/shim.h}, and {@code torch_dtype_*} in {@code
 * torch/csrc/stable/c/shim.h}).
 *
 * <p>The codes are those of {@code c10::ScalarType} ({@code torch/headeronly/core/ScalarType.h}).
 * They are not formally part of the ABI, so a test compares them with what the libtorch in use
 * answers.
 */
public enum DType {
    /** IEEE 754 binary32; Java {@code float}. */
    FLOAT32("float32", 6, 4, "F32"),
    /** IEEE 754 binary64; Java {@code double}. */
    FLOAT64("float64", 7, 8, "F64"),
    /** IEEE 754 binary16; see {@link Float#float16ToFloat(short)}. */
    FLOAT16("float16", 5, 2, "F16"),
    /** The upper half of a binary32. */
    BFLOAT16("bfloat16", 15, 2, "BF16"),
    /** Eight bits: 5 of exponent, 2 of fraction, with infinities. */
    FLOAT8_E5M2("float8_e5m2", 23, 1, "F8_E5M2"),
    /** Eight bits: 4 of exponent, 3 of fraction, no infinities. */
    FLOAT8_E4M3FN("float8_e4m3fn", 24, 1, "F8_E4M3"),
    /** Eight bits: 5 of exponent, 2 of fraction, no infinities, no negative zero. */
    FLOAT8_E5M2FNUZ("float8_e5m2fnuz", 25, 1, "F8_E5M2FNUZ"),
    /** Eight bits: 4 of exponent, 3 of fraction, no infinities, no negative zero. */
    FLOAT8_E4M3FNUZ("float8_e4m3fnuz", 26, 1, "F8_E4M3FNUZ"),
    /** Eight bits of exponent: powers of two, used as scales. */
    FLOAT8_E8M0FNU("float8_e8m0fnu", 44, 1, "F8_E8M0"),
    /** Two four-bit floats in one byte; one element is the pair, but two in a safetensors shape. */
    FLOAT4_E2M1FN_X2("float4_e2m1fn_x2", 45, 1, "F4"),
    /** Unsigned 8 bits; Java {@code byte}, read with {@link Byte#toUnsignedInt(byte)}. */
    UINT8("uint8", 0, 1, "U8"),
    /** Unsigned 16 bits; Java {@code char} or {@code short}. */
    UINT16("uint16", 27, 2, "U16"),
    /** Unsigned 32 bits; Java {@code int}, read with {@link Integer#toUnsignedLong(int)}. */
    UINT32("uint32", 28, 4, "U32"),
    /** Unsigned 64 bits; Java {@code long}, see {@link Long#compareUnsigned(long, long)}. */
    UINT64("uint64", 29, 8, "U64"),
    /** Signed 8 bits; Java {@code byte}. */
    INT8("int8", 1, 1, "I8"),
    /** Signed 16 bits; Java {@code short}. */
    INT16("int16", 2, 2, "I16"),
    /** Signed 32 bits; Java {@code int}. */
    INT32("int32", 3, 4, "I32"),
    /** Signed 64 bits; Java {@code long}. */
    INT64("int64", 4, 8, "I64"),
    /** One byte, 0 or 1. */
    BOOL("bool", 11, 1, "BOOL"),
    /** Real and imaginary {@link #FLOAT16}, in this order. */
    COMPLEX32("complex32", 8, 4, null),
    /** Real and imaginary {@link #FLOAT32}, in this order. */
    COMPLEX64("complex64", 9, 8, "C64"),
    /** Real and imaginary {@link #FLOAT64}, in this order. */
    COMPLEX128("complex128", 10, 16, null);

    private static final Map<Integer, DType> BY_CODE = new HashMap<>();
    private static final Map<String, DType> BY_TORCH_NAME = new HashMap<>();
    private static final Map<String, DType> BY_SAFETENSORS_NAME = new HashMap<>();

    static {
        for (DType dtype : values()) {
            BY_CODE.put(dtype.code, dtype);
            BY_TORCH_NAME.put(dtype.torchName, dtype);
            if (dtype.safetensorsName != null) {
                BY_SAFETENSORS_NAME.put(dtype.safetensorsName, dtype);
            }
        }
    }

    private final String torchName;
    private final int code;
    private final int byteSize;
    private final String safetensorsName;

    DType(String torchName, int code, int byteSize, String safetensorsName) {
        this.torchName = torchName;
        this.code = code;
        this.byteSize = byteSize;
        this.safetensorsName = safetensorsName;
    }

    /** {@return the name without PyTorch's {@code torch.} prefix, for example {@code float32}} */
    public String torchName() {
        return torchName;
    }

    /** {@return the value of {@code c10::ScalarType}, which stands for this type in the ABI} */
    public int code() {
        return code;
    }

    /** {@return the bytes of one element, a power of two from 1 to 16} */
    public int byteSize() {
        return byteSize;
    }

    /**
     * {@return the name in the header of a safetensors file, for example {@code F32}; empty where
     * the format has no such type}
     */
    public Optional<String> safetensorsName() {
        return Optional.ofNullable(safetensorsName);
    }

    /** {@return whether an element is a pair of a real and an imaginary part} */
    public boolean isComplex() {
        return this == COMPLEX32 || this == COMPLEX64 || this == COMPLEX128;
    }

    /**
     * {@return whether an element is a real floating-point number, of any width: float64 down to
     * float4}
     */
    public boolean isFloatingPoint() {
        return torchName.startsWith("float") || this == BFLOAT16;
    }

    /**
     * Finds a type by its number in the ABI.
     *
     * @param code a value of {@code c10::ScalarType}
     * @return the type; empty for numbers that the ABI does not name, such as the quantized types
     */
    public static Optional<DType> ofCode(int code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }

    /**
     * Finds a type by PyTorch's name for it.
     *
     * @param name for example {@code float32}
     * @return the type, or empty
     */
    public static Optional<DType> ofTorchName(String name) {
        return Optional.ofNullable(BY_TORCH_NAME.get(name));
    }

    /**
     * Finds a type by its name in a safetensors header.
     *
     * @param name for example {@code F32}
     * @return the type, or empty
     */
    public static Optional<DType> ofSafetensorsName(String name) {
        return Optional.ofNullable(BY_SAFETENSORS_NAME.get(name));
    }
}
