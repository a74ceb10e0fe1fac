package io.github.aoti4j.spark;

import io.github.aoti4j.batch.BatchPlan;

import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

import java.io.Serial;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** Scores one partition, on an executor. */
final class ScorePartition implements MapPartitionsFunction<Row, Row> {
    @Serial private static final long serialVersionUID = 1L;

    private final ModelSource source;
    private final BatchPlan plan;
    private final RowValues[] values;

    ScorePartition(ModelSource source, BatchPlan plan, List<RowValues> values) {
        this.source = source;
        this.plan = plan;
        this.values = values.toArray(RowValues[]::new);
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return rows.hasNext()
                ? new ScoredRows(rows, source, plan, values)
                : Collections.emptyIterator();
    }
}
