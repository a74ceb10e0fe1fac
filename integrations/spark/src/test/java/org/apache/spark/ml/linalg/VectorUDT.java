package org.apache.spark.ml.linalg;

import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.UserDefinedType;

import java.io.Serial;

/** Stands for the type of Spark ML's vectors; stored as an array. */
public final class VectorUDT extends UserDefinedType<DenseVector> {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public DataType sqlType() {
        return DataTypes.createArrayType(DataTypes.DoubleType, false);
    }

    @Override
    public Object serialize(DenseVector vector) {
        return ArrayData.toArrayData(vector.toArray());
    }

    @Override
    public DenseVector deserialize(Object stored) {
        return new DenseVector(((ArrayData) stored).toDoubleArray());
    }

    @Override
    public Class<DenseVector> userClass() {
        return DenseVector.class;
    }

    public static DenseVector vector(double... values) {
        return new DenseVector(values);
    }
}
