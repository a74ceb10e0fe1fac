package io.github.aoti4j.spark;

import io.github.aoti4j.Model;
import io.github.aoti4j.batch.Batch;
import io.github.aoti4j.batch.BatchPlan;
import io.github.aoti4j.batch.InputWriter;
import io.github.aoti4j.batch.NullRule;

import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;

/**
 * The rows of a partition with their outputs, in their order. A batch is read and run when its
 * first row is asked for. The end of the task, whatever ended it, frees the inputs' memory and
 * gives the model back: whoever reads may stop early, and Spark may have another thread read.
 */
final class ScoredRows implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final BatchPlan plan;
    private final RowValues[] values;
    private final Batch batch;
    private final Queue<Row> scored = new ArrayDeque<>();

    /** The rows of the batch; with those that stay unscored. */
    private final List<Row> gathered = new ArrayList<>();

    private final List<Boolean> isAdded = new ArrayList<>();

    ScoredRows(Iterator<Row> rows, ModelSource source, BatchPlan plan, RowValues[] values) {
        this.rows = rows;
        this.plan = plan;
        this.values = values;
        TaskContext task = TaskContext.get();
        ExecutorModels.Use use = ExecutorModels.get().use(source);
        this.batch = batch(use, plan, "partition " + task.partitionId());
        task.addTaskCompletionListener(
                _ -> {
                    batch.close();
                    use.close();
                });
    }

    static Batch batch(ExecutorModels.Use use, BatchPlan plan, String place) {
        Model model = use.model();
        try {
            return new Batch(model, plan, place);
        } catch (Throwable e) {
            use.close();
            throw e;
        }
    }

    @Override
    public boolean hasNext() {
        while (scored.isEmpty() && (rows.hasNext() || !gathered.isEmpty())) {
            score();
        }
        return !scored.isEmpty();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return scored.remove();
    }

    /** Reads rows for one batch, and runs it. */
    private void score() {
        Row waiting = null;
        while (waiting == null && gathered.size() < plan.sizes().most() && rows.hasNext()) {
            Row row = rows.next();
            switch (batch.add((input, writer) -> write(row, input, writer))) {
                case ADDED -> gather(row, true);
                case NULL -> {
                    if (plan.nulls().action() == NullRule.Action.KEEP) {
                        gather(row, false);
                    }
                }
                case NEXT -> waiting = row;
            }
        }
        Iterator<Object[]> outputs = batch.run().iterator();
        for (int i = 0; i < gathered.size(); i++) {
            Object[] none = new Object[plan.outputs().size()];
            scored.add(joined(gathered.get(i), isAdded.get(i) ? outputs.next() : none));
        }
        gathered.clear();
        isAdded.clear();
        if (waiting != null) {
            gather(waiting, true);
        }
    }

    private void write(Row row, int input, InputWriter writer) {
        RowValues value = values[input];
        value.write(row.get(value.field()), writer);
    }

    private void gather(Row row, boolean added) {
        gathered.add(row);
        isAdded.add(added);
    }

    private static Row joined(Row row, Object[] outputs) {
        Object[] all = new Object[row.length() + outputs.length];
        for (int i = 0; i < row.length(); i++) {
            all[i] = row.get(i);
        }
        System.arraycopy(outputs, 0, all, row.length(), outputs.length);
        return RowFactory.create(all);
    }
}
