package io.github.aoti4j.spark;

import io.github.aoti4j.batch.Batch;
import io.github.aoti4j.batch.BatchPlan;
import io.github.aoti4j.batch.InputPlan;
import io.github.aoti4j.batch.InputTensor;
import io.github.aoti4j.batch.OutputPlan;

import org.apache.spark.TaskContext;

import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores single rows, on an executor; or on the driver, where Spark evaluates literals. What the
 * arguments are is seen when they come: Spark does not say before.
 */
final class RowScorer implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    private final ModelSource source;
    private final ArrayList<InputTensor> inputs;
    private final BatchPlan plan;
    private final boolean rounding;

    /** Of the task whose rows are being scored. */
    private transient TaskContext task;

    private transient Batch batch;
    private transient RowValues[] values;

    /**
     * Makes one for a model.
     *
     * @param plan whose inputs do not count
     */
    RowScorer(ModelSource source, List<InputTensor> inputs, BatchPlan plan, boolean rounding) {
        this.source = source;
        this.inputs = new ArrayList<>(inputs);
        this.plan = plan;
        this.rounding = rounding;
    }

    List<InputTensor> inputs() {
        return inputs;
    }

    List<OutputPlan> outputs() {
        return plan.outputs();
    }

    /** Returns the outputs; null for a row with a null that is not scored. */
    synchronized Object[] score(Object[] row) {
        TaskContext current = TaskContext.get();
        RowValues[] types = new RowValues[row.length];
        for (int i = 0; i < row.length; i++) {
            types[i] = ArgumentTypes.of(i, row[i], inputs.get(i));
        }
        if (current == null) {
            try (ExecutorModels.Use use = ExecutorModels.get().use(source);
                    Batch single = new Batch(use.model(), typed(types), "the driver's literals")) {
                return score(single, types, row);
            }
        }
        if (batch == null || !current.equals(task) || !fit(types)) {
            begin(current, types);
        }
        return score(batch, values, row);
    }

    private boolean fit(RowValues[] types) {
        for (int i = 0; i < types.length; i++) {
            if (!types[i].isNull() && !types[i].equals(values[i])) {
                return false;
            }
        }
        return true;
    }

    private void begin(TaskContext current, RowValues[] types) {
        BatchPlan typed = typed(types);
        ExecutorModels.Use use = ExecutorModels.get().use(source);
        Batch made = ScoredRows.batch(use, typed, "partition " + current.partitionId());
        current.addTaskCompletionListener(
                _ -> {
                    made.close();
                    use.close();
                });
        batch = made;
        values = types;
        task = current;
    }

    private BatchPlan typed(RowValues[] types) {
        List<InputPlan> plans = new ArrayList<>();
        for (int i = 0; i < types.length; i++) {
            plans.add(inputs.get(i).plan(types[i].element(), types[i].depth(), rounding));
        }
        return new BatchPlan(plans, plan.outputs(), plan.sizes(), plan.nulls());
    }

    private static Object[] score(Batch rows, RowValues[] values, Object[] row) {
        Batch.Row result = rows.add((input, writer) -> values[input].write(row[input], writer));
        return result == Batch.Row.ADDED ? rows.run().getFirst() : null;
    }
}
