package io.github.aoti4j.spark;

import io.github.aoti4j.batch.Element;
import io.github.aoti4j.core.InvalidInputException;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.UserDefinedType;

import java.util.Set;

/** Spark's types, and what they are to a batch. */
final class SparkColumns {
    /** Spark ML's and the older MLlib's, by name: neither is a dependency. */
    private static final Set<String> VECTORS =
            Set.of(
                    "org.apache.spark.ml.linalg.VectorUDT",
                    "org.apache.spark.mllib.linalg.VectorUDT");

    private SparkColumns() {}

    /**
     * What a column holds.
     *
     * @param element what its elements are
     * @param depth how deep arrays of them are nested
     * @param isVector whether it is a {@code Vector}, whose depth is 1
     */
    record Holds(Element element, int depth, boolean isVector) {}

    static Holds holds(String column, DataType type) {
        int depth = 0;
        DataType inner = type;
        while (inner instanceof ArrayType array) {
            depth++;
            inner = array.elementType();
        }
        if (depth == 0 && isVector(type)) {
            return new Holds(Element.FLOAT64, 1, true);
        }
        return new Holds(element(column, type, inner, depth), depth, false);
    }

    private static Element element(String column, DataType type, DataType inner, int depth) {
        return switch (inner) {
            case BooleanType _ -> Element.BOOLEAN;
            case ByteType _ -> Element.INT8;
            case ShortType _ -> Element.INT16;
            case IntegerType _ -> Element.INT32;
            case LongType _ -> Element.INT64;
            case FloatType _ -> Element.FLOAT32;
            case DoubleType _ -> Element.FLOAT64;
            case BinaryType _ when depth == 0 -> Element.BYTES;
            default ->
                    throw new InvalidInputException(
                            "column %s is %s: models take numbers, booleans, arrays of them, vectors, and binary"
                                    .formatted(column, type.catalogString()));
        };
    }

    private static boolean isVector(DataType type) {
        return type instanceof UserDefinedType<?> && VECTORS.contains(type.getClass().getName());
    }

    static DataType type(Element element, int depth) {
        DataType type =
                switch (element) {
                    case BOOLEAN -> DataTypes.BooleanType;
                    case INT8 -> DataTypes.ByteType;
                    case INT16 -> DataTypes.ShortType;
                    case INT32 -> DataTypes.IntegerType;
                    case INT64 -> DataTypes.LongType;
                    case FLOAT32 -> DataTypes.FloatType;
                    case FLOAT64 -> DataTypes.DoubleType;
                    case BYTES -> DataTypes.BinaryType;
                };
        for (int i = 0; i < depth; i++) {
            type = DataTypes.createArrayType(type, false);
        }
        return type;
    }
}
