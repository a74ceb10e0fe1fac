package io.github.aoti4j.spark;

import io.github.aoti4j.batch.NullRule;
import io.github.aoti4j.core.Engine;

import org.apache.spark.sql.types.DataType;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a scorer has been told; not changed once the scorer is made. */
final class ScorerSettings {
    /**
     * A column for an output.
     *
     * @param type null for what the package says
     */
    record Output(String column, DataType type) {}

    String location;
    String model;
    SortedMap<Integer, String> inputs = new TreeMap<>();
    SortedMap<Integer, Output> outputs = new TreeMap<>();
    int batch;
    List<String> weights = List.of();
    Engine engine;
    int intraOpThreads = 1;
    int runners;
    long memoryLimit = -1;
    boolean rounding;
    NullRule nulls = NullRule.FAIL;

    ScorerSettings copy() {
        var copy = new ScorerSettings();
        copy.location = location;
        copy.model = model;
        copy.inputs.putAll(inputs);
        copy.outputs.putAll(outputs);
        copy.batch = batch;
        copy.weights = weights;
        copy.engine = engine;
        copy.intraOpThreads = intraOpThreads;
        copy.runners = runners;
        copy.memoryLimit = memoryLimit;
        copy.rounding = rounding;
        copy.nulls = nulls;
        return copy;
    }
}
