package org.apache.spark.ml.linalg;

/**
 * Stands for Spark ML's vector, which is in an artifact that the build does without: the name and
 * the method that are used of it.
 */
public final class DenseVector {
    private final double[] values;

    DenseVector(double[] values) {
        this.values = values.clone();
    }

    public double[] toArray() {
        return values.clone();
    }
}
