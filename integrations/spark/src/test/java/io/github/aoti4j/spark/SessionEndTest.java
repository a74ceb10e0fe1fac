package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class SessionEndTest {
    /** The process may live on, as a server that has run a job. */
    @Test
    void modelsAreClosedWhenTheApplicationEnds() {
        SparkSession spark = Sessions.local();
        AotiScorer scorer = AotiScorer.load(spark, Sessions.fixture("mlp")).input(0, "features");
        assertEquals(
                5,
                scorer.transform(
                                spark.range(5)
                                        .selectExpr(
                                                "array_repeat(cast(id as float), 10) as features"))
                        .collectAsList()
                        .size());
        assertTrue(ExecutorModels.get().size() > 0);
        Sessions.stop();
        assertEquals(0, ExecutorModels.get().size());
    }
}
