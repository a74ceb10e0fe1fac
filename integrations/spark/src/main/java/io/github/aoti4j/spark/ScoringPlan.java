package io.github.aoti4j.spark;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.OutputInfo;
import io.github.aoti4j.batch.BatchPlan;
import io.github.aoti4j.batch.BatchSizes;
import io.github.aoti4j.batch.InputPlan;
import io.github.aoti4j.batch.InputTensor;
import io.github.aoti4j.batch.OutputPlan;
import io.github.aoti4j.core.InvalidInputException;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the rows of one dataset are scored, made on the driver.
 *
 * @param values where each input's values are in a row
 * @param result the type of the result's rows
 */
record ScoringPlan(BatchPlan batches, List<RowValues> values, StructType result) {
    static ScoringPlan of(ModelDescription model, ScorerSettings settings, StructType rows) {
        requireSource(model, settings);
        List<InputInfo> infos = model.inputs();
        settings.inputs.forEach(
                (index, column) -> requireExists("input", index, infos.size(), column));
        List<InputPlan> inputs = new ArrayList<>();
        List<RowValues> values = new ArrayList<>();
        for (int i = 0; i < infos.size(); i++) {
            String column = settings.inputs.get(i);
            if (column == null) {
                throw new InvalidInputException(
                        "input %d has no column: %s".formatted(i, infos.get(i)));
            }
            int field = field(rows, column);
            SparkColumns.Holds holds = SparkColumns.holds(column, rows.fields()[field].dataType());
            inputs.add(
                    InputTensor.of(infos.get(i), column)
                            .plan(holds.element(), holds.depth(), settings.rounding));
            values.add(new RowValues(field, holds.element(), holds.depth(), holds.isVector()));
        }
        StructType result = rows;
        List<OutputPlan> outputs = outputs(model, settings);
        for (OutputPlan output : outputs) {
            requireNew(result, output.column());
            result = result.add(output.column(), type(output), true);
        }
        BatchSizes sizes = BatchSizes.of(infos, settings.batch);
        return new ScoringPlan(
                new BatchPlan(inputs, outputs, sizes, settings.nulls), values, result);
    }

    static void requireSource(ModelDescription model, ScorerSettings settings) {
        if (!model.sourceKnown()) {
            throw new InvalidInputException(
                    "%s does not say what inputs its model takes: make a package that holds its source"
                            .formatted(settings.location));
        }
    }

    /** Plans the chosen outputs; the first one if none is chosen. */
    static List<OutputPlan> outputs(ModelDescription model, ScorerSettings settings) {
        Map<Integer, ScorerSettings.Output> chosen = settings.outputs;
        if (chosen.isEmpty()) {
            chosen = Map.of(0, new ScorerSettings.Output("output", null));
        }
        List<OutputPlan> outputs = new ArrayList<>();
        chosen.forEach((index, output) -> outputs.add(output(model, index, output)));
        return outputs;
    }

    static DataType type(OutputPlan output) {
        return SparkColumns.type(output.element(), output.depth());
    }

    private static OutputPlan output(
            ModelDescription model, int index, ScorerSettings.Output output) {
        requireExists("output", index, model.outputs().size(), output.column());
        OutputInfo info = model.outputInfos().get(index);
        if (output.type() == null) {
            return OutputPlan.of(index, info, output.column());
        }
        SparkColumns.Holds holds = SparkColumns.holds(output.column(), output.type());
        if (holds.isVector()) {
            throw new InvalidInputException(
                    "column %s cannot be a vector: state an array of doubles"
                            .formatted(output.column()));
        }
        return OutputPlan.stated(
                index, Optional.of(info), output.column(), holds.element(), holds.depth());
    }

    private static void requireExists(String what, int index, int count, String column) {
        if (index < 0 || index >= count) {
            throw new InvalidInputException(
                    "column %s is for %s %d, and the model has %d"
                            .formatted(column, what, index, count));
        }
    }

    /** As Spark by default: the case does not matter. */
    private static int field(StructType rows, String column) {
        StructField[] fields = rows.fields();
        int found = -1;
        for (int i = 0; i < fields.length; i++) {
            if (fields[i].name().equals(column)) {
                return i;
            }
            if (fields[i].name().equalsIgnoreCase(column)) {
                found = i;
            }
        }
        if (found < 0) {
            throw new InvalidInputException(
                    "there is no column %s among %s"
                            .formatted(column, Arrays.toString(rows.fieldNames())));
        }
        return found;
    }

    private static void requireNew(StructType rows, String column) {
        for (String name : rows.fieldNames()) {
            if (name.equalsIgnoreCase(column)) {
                throw new InvalidInputException("there is a column %s already".formatted(column));
            }
        }
    }
}
