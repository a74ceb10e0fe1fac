package io.github.aoti4j.internal.builtin.tensor;

/** Reads tensors of one element, and makes tensors of one. */
public final class Scalars {
    private Scalars() {}

    /** {@code aoti_torch_item_float16}. */
    public static void itemFloat16(long self, long result) {
        item(self, Numbers.FLOAT16, result);
    }

    /** {@code aoti_torch_item_bfloat16}. */
    public static void itemBfloat16(long self, long result) {
        item(self, Numbers.BFLOAT16, result);
    }

    /** {@code aoti_torch_item_float32}. */
    public static void itemFloat32(long self, long result) {
        item(self, Numbers.FLOAT32, result);
    }

    /** {@code aoti_torch_item_float64}. */
    public static void itemFloat64(long self, long result) {
        item(self, Numbers.FLOAT64, result);
    }

    /** {@code aoti_torch_item_uint8}. */
    public static void itemUint8(long self, long result) {
        item(self, Numbers.UINT8, result);
    }

    /** {@code aoti_torch_item_uint16}. */
    public static void itemUint16(long self, long result) {
        item(self, Numbers.UINT16, result);
    }

    /** {@code aoti_torch_item_uint32}. */
    public static void itemUint32(long self, long result) {
        item(self, Numbers.UINT32, result);
    }

    /** {@code aoti_torch_item_uint64}. */
    public static void itemUint64(long self, long result) {
        item(self, Numbers.UINT64, result);
    }

    /** {@code aoti_torch_item_int8}. */
    public static void itemInt8(long self, long result) {
        item(self, Numbers.INT8, result);
    }

    /** {@code aoti_torch_item_int16}. */
    public static void itemInt16(long self, long result) {
        item(self, Numbers.INT16, result);
    }

    /** {@code aoti_torch_item_int32}. */
    public static void itemInt32(long self, long result) {
        item(self, Numbers.INT32, result);
    }

    /** {@code aoti_torch_item_int64}. */
    public static void itemInt64(long self, long result) {
        item(self, Numbers.INT64, result);
    }

    /** {@code aoti_torch_item_bool}. */
    public static void itemBool(long self, long result) {
        item(self, Numbers.BOOL, result);
    }

    /** {@code aoti_torch_scalar_to_tensor_float64}. */
    public static void toFloat64(double value, long result) {
        long tensor = element(Numbers.FLOAT64);
        Numbers.setDouble(Numbers.FLOAT64, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_uint8}. */
    public static void toUint8(int value, long result) {
        long tensor = element(Numbers.UINT8);
        Numbers.setLong(Numbers.UINT8, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_int8}. */
    public static void toInt8(int value, long result) {
        long tensor = element(Numbers.INT8);
        Numbers.setLong(Numbers.INT8, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_int16}. */
    public static void toInt16(int value, long result) {
        long tensor = element(Numbers.INT16);
        Numbers.setLong(Numbers.INT16, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_int32}. */
    public static void toInt32(int value, long result) {
        long tensor = element(Numbers.INT32);
        Numbers.setLong(Numbers.INT32, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_int64}. */
    public static void toInt64(long value, long result) {
        long tensor = element(Numbers.INT64);
        Numbers.setLong(Numbers.INT64, Tensors.data(tensor), value);
        Raw.setLong(result, tensor);
    }

    /** {@code aoti_torch_scalar_to_tensor_bool}. */
    public static void toBool(int value, long result) {
        long tensor = element(Numbers.BOOL);
        Numbers.setLong(Numbers.BOOL, Tensors.data(tensor), value & 0xff);
        Raw.setLong(result, tensor);
    }

    private static long element(int dtype) {
        long tensor = Tensors.begin(dtype, 0);
        Tensors.allocate(tensor);
        return tensor;
    }

    private static void item(long self, int dtype, long result) {
        Tensors.require(self, "self");
        Numbers.requireNumber(self, "self");
        if (Tensors.count(self) != 1) {
            throw new BuiltInFailure("not one number: " + Tensors.describe(self));
        }
        int from = Tensors.dtype(self);
        if (Numbers.isFloating(from)) {
            double value = Numbers.getDouble(from, Tensors.data(self));
            Conversions.requireFits(value, dtype);
            Numbers.setDouble(dtype, result, value);
            return;
        }
        long value = Numbers.getLong(from, Tensors.data(self));
        if (from == Numbers.UINT64) {
            Conversions.requireUnsignedFits(value, dtype);
            Numbers.setUnsigned(dtype, result, value);
        } else {
            Conversions.requireFits(value, dtype);
            Numbers.setLong(dtype, result, value);
        }
    }
}
