package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

class AotiScorerTest {
    private final SparkSession spark = Sessions.local();

    private static final String TEN_FEATURES =
            "transform(sequence(0, 9), i -> cast(sin(id * 10 + i) as float)) as features";

    private Dataset<Row> rows(long count, int partitions) {
        return spark.range(0, count, 1, partitions)
                .selectExpr("id", "concat('row ', id) as name", TEN_FEATURES);
    }

    private AotiScorer mlp() {
        return AotiScorer.load(spark, Sessions.fixture("mlp"))
                .input(0, "features")
                .output(0, "scores");
    }

    @Test
    void scoresAllRowsInTheirOrder() {
        Dataset<Row> rows = rows(1000, 3);
        List<Row> scored = mlp().batch(64).transform(rows).collectAsList();
        assertEquals(1000, scored.size());
        float[] expected = expected(scored);
        for (int i = 0; i < 1000; i++) {
            Row row = scored.get(i);
            assertEquals(i, row.getLong(0));
            assertEquals("row " + i, row.getString(1));
            assertEquals(expected[i], (float) row.getList(3).getFirst(), 1e-6f);
        }
    }

    private static float[] expected(List<Row> rows) {
        try (Model model = Model.load(Path.of(Sessions.fixture("mlp")));
                Arena arena = Arena.ofConfined()) {
            float[] features = new float[rows.size() * 10];
            for (int i = 0; i < features.length; i++) {
                features[i] = (float) rows.get(i / 10).getList(2).get(i % 10);
            }
            return model.run(arena, Tensor.of(arena, features, rows.size(), 10))
                    .getFirst()
                    .toFloatArray();
        }
    }

    @Test
    void columnsHaveTheTypesOfThePackage() {
        assertEquals(
                "struct<id:bigint,name:string,features:array<float>,scores:array<float>>",
                mlp().transform(rows(1, 1)).schema().catalogString());
        Dataset<Row> stated =
                AotiScorer.load(spark, Sessions.fixture("mlp"))
                        .input(0, "FEATURES")
                        .output(0, "score", DataTypes.DoubleType)
                        .transform(rows(3, 1));
        assertArrayEquals(
                new String[] {"id", "name", "features", "score"}, stated.schema().fieldNames());
        assertEquals(3, stated.filter("score > 0 and score < 1").count());
    }
}
