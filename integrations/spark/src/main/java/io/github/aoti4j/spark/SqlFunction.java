package io.github.aoti4j.spark;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.batch.BatchPlan;
import io.github.aoti4j.batch.BatchSizes;
import io.github.aoti4j.batch.InputTensor;
import io.github.aoti4j.batch.OutputPlan;
import io.github.aoti4j.core.InvalidInputException;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.UDFRegistration;
import org.apache.spark.sql.api.java.UDF10;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.api.java.UDF4;
import org.apache.spark.sql.api.java.UDF5;
import org.apache.spark.sql.api.java.UDF6;
import org.apache.spark.sql.api.java.UDF7;
import org.apache.spark.sql.api.java.UDF8;
import org.apache.spark.sql.api.java.UDF9;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Registers functions of SQL that score a row. */
final class SqlFunction {
    private SqlFunction() {}

    static void register(SparkSession spark, String function, Map<String, AotiScorer> models) {
        Map<String, RowScorer> scorers = new TreeMap<>();
        String first = null;
        int inputs = 0;
        DataType result = null;
        boolean several = false;
        for (Map.Entry<String, AotiScorer> entry : new TreeMap<>(models).entrySet()) {
            RowScorer scorer = scorer(entry.getValue());
            DataType type = result(scorer.outputs());
            if (first == null) {
                first = entry.getKey();
                inputs = scorer.inputs().size();
                result = type;
                several = scorer.outputs().size() > 1;
            } else if (scorer.inputs().size() != inputs || !type.equals(result)) {
                throw new InvalidInputException(
                        "models %s and %s of %s have %d and %d inputs, and return %s and %s: register functions of their own"
                                .formatted(
                                        first,
                                        entry.getKey(),
                                        function,
                                        inputs,
                                        scorer.inputs().size(),
                                        result.catalogString(),
                                        type.catalogString()));
            }
            scorers.put(entry.getKey(), scorer);
        }
        if (first == null) {
            throw new InvalidInputException(function + " has no models");
        }
        register(
                spark.udf(),
                function,
                new ScoreFunction(function, scorers, several),
                inputs,
                result);
    }

    private static RowScorer scorer(AotiScorer scorer) {
        ModelDescription model = scorer.describe();
        ScorerSettings settings = scorer.settings();
        ScoringPlan.requireSource(model, settings);
        List<InputInfo> infos = model.inputs();
        List<InputTensor> inputs = new ArrayList<>();
        for (int i = 0; i < infos.size(); i++) {
            inputs.add(
                    InputTensor.of(infos.get(i), settings.inputs.getOrDefault(i, "argument " + i)));
        }
        BatchPlan plan =
                new BatchPlan(
                        List.of(),
                        ScoringPlan.outputs(model, settings),
                        BatchSizes.of(infos, 1),
                        settings.nulls);
        return new RowScorer(scorer.source(), inputs, plan, settings.rounding);
    }

    private static DataType result(List<OutputPlan> outputs) {
        if (outputs.size() == 1) {
            return ScoringPlan.type(outputs.getFirst());
        }
        StructType type = new StructType();
        for (OutputPlan output : outputs) {
            type = type.add(output.column(), ScoringPlan.type(output), true);
        }
        return type;
    }

    private static void register(
            UDFRegistration functions,
            String name,
            ScoreFunction score,
            int inputs,
            DataType type) {
        switch (inputs) {
            case 1 -> functions.register(name, (UDF2<?, ?, ?>) score, type);
            case 2 -> functions.register(name, (UDF3<?, ?, ?, ?>) score, type);
            case 3 -> functions.register(name, (UDF4<?, ?, ?, ?, ?>) score, type);
            case 4 -> functions.register(name, (UDF5<?, ?, ?, ?, ?, ?>) score, type);
            case 5 -> functions.register(name, (UDF6<?, ?, ?, ?, ?, ?, ?>) score, type);
            case 6 -> functions.register(name, (UDF7<?, ?, ?, ?, ?, ?, ?, ?>) score, type);
            case 7 -> functions.register(name, (UDF8<?, ?, ?, ?, ?, ?, ?, ?, ?>) score, type);
            case 8 -> functions.register(name, (UDF9<?, ?, ?, ?, ?, ?, ?, ?, ?, ?>) score, type);
            case 9 ->
                    functions.register(name, (UDF10<?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?>) score, type);
            default ->
                    throw new InvalidInputException(
                            "%s: a model of a function has 1 to %d inputs, and this one %d: use transform"
                                    .formatted(name, ScoreFunction.MOST_INPUTS, inputs));
        }
    }
}
