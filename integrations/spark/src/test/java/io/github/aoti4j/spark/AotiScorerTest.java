package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.Checkout;

import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

class AotiScorerTest {
    private static final String TEN_FEATURES =
            "transform(sequence(0, 9), i -> cast(sin(id * 10 + i) as float)) as features";

    private final SparkSession spark = Sessions.local();

    @TempDir private Path folder;

    private Dataset<Row> rows(long count, int partitions) {
        return spark.range(0, count, 1, partitions)
                .selectExpr("id", "concat('row ', id) as name", TEN_FEATURES);
    }

    private AotiScorer scorer(String fixture) {
        return AotiScorer.load(spark, Sessions.fixture(fixture)).engine(Engine.BUILT_IN);
    }

    private AotiScorer mlp() {
        return scorer("mlp").input(0, "features").output(0, "scores");
    }

    private static float[] expected(List<Row> rows) {
        try (Model model =
                        Model.load(
                                Path.of(Sessions.fixture("mlp")),
                                ModelOptions.defaults().engine(Engine.BUILT_IN));
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

    /** Partitions, the fourth without rows, each with a smaller last batch; one model for all. */
    @Test
    void scoresAllRowsInTheirOrder() {
        Dataset<Row> scored = mlp().batch(64).transform(rows(1000, 3).union(rows(0, 1)).toDF());
        assertEquals(
                "struct<id:bigint,name:string,features:array<float>,scores:array<float>>",
                scored.schema().catalogString());
        List<Row> result = scored.collectAsList();
        assertEquals(1000, result.size());
        float[] expected = expected(result);
        for (int i = 0; i < 1000; i++) {
            Row row = result.get(i);
            assertEquals(i, row.getLong(0));
            assertEquals("row " + i, row.getString(1));
            assertEquals(expected[i], (float) row.getList(3).getFirst(), 1e-5f);
        }
        assertEquals(0, ExecutorModels.get().users());
        int loaded = ExecutorModels.get().size();
        assertEquals(1000, mlp().batch(256).transform(rows(1000, 2)).count());
        assertEquals(loaded, ExecutorModels.get().size());
    }

    @Test
    void anOutputOfOneElementMayBeANumber() {
        Dataset<Row> scored =
                scorer("mlp")
                        .input(0, "FEATURES")
                        .output(0, "score", DataTypes.DoubleType)
                        .transform(rows(3, 1));
        assertEquals(DataTypes.DoubleType, scored.schema().fields()[3].dataType());
        assertEquals(3, scored.filter("score > 0 and score < 1").count());
    }

    @Test
    void severalInputsAndOutputsOfAPackageOfOneSize() {
        Dataset<Row> rows =
                spark.range(0, 7, 1, 2)
                        .selectExpr(
                                "array_repeat(cast(id as float), 5) as a",
                                "array_repeat(cast(2 as float), 5) as b");
        List<Row> scored =
                scorer("multi_output")
                        .input(0, "a")
                        .input(1, "b")
                        .output(1, "first")
                        .output(2, "second")
                        .output(3, "third")
                        .output(0, "bytes", DataTypes.BinaryType)
                        .transform(rows)
                        .select("first", "second", "third", "bytes")
                        .collectAsList();
        assertEquals(7, scored.size());
        Row last = scored.getLast();
        assertInstanceOf(Float.class, last.get(0));
        assertInstanceOf(Long.class, last.get(1));
        assertEquals(5, last.<Boolean>getList(2).size());
        assertEquals(20, ((byte[]) last.get(3)).length);
    }

    @Test
    void arraysOfArraysComeBack() {
        Dataset<Row> rows = spark.range(0, 3, 1, 1).selectExpr("array(id, 1L, 2L) as ids");
        List<Row> scored =
                AotiScorer.load(
                                spark,
                                Checkout.fixtures().resolve("tied/blob.pt2").toUri().toString())
                        .engine(Engine.BUILT_IN)
                        .input(0, "ids")
                        .output(0, "vectors")
                        .transform(rows)
                        .selectExpr("size(vectors)", "size(vectors[0])", "vectors[1] = vectors[2]")
                        .collectAsList();
        assertEquals(RowFactory.create(3, 12, false), scored.getLast());
    }

    @Test
    void vectorsAreRoundedIfThatIsAllowed() {
        StructType type = new StructType().add("v", new VectorUDT());
        Dataset<Row> rows =
                spark.createDataFrame(
                        List.of(RowFactory.create(VectorUDT.vector(new double[10]))), type);
        AotiScorer scorer = scorer("mlp").input(0, "v").output(0, "scores");
        assertTrue(
                assertThrows(InvalidInputException.class, () -> scorer.transform(rows))
                        .getMessage()
                        .startsWith("column v cannot be input args[0]"));
        assertEquals(1, scorer.roundInputs().transform(rows).filter("scores[0] > 0").count());
    }

    @Test
    void nullsAreSkippedKeptOrReplaced() {
        Dataset<Row> rows =
                rows(10, 1).selectExpr("id", "if(id % 3 = 1, null, features) as features");
        assertEquals(7, mlp().skipNulls().transform(rows).count());
        Dataset<Row> kept = mlp().keepNulls().batch(4).transform(rows);
        assertEquals(
                IntStream.range(0, 10)
                        .mapToObj(i -> RowFactory.create((long) i, i % 3 == 1))
                        .toList(),
                kept.selectExpr("id", "scores is null").collectAsList());
        assertEquals(10, mlp().replaceNulls(0).transform(rows).filter("scores[0] > 0").count());
        String message =
                assertThrows(Exception.class, () -> mlp().transform(rows).collectAsList())
                        .getMessage();
        assertTrue(message.contains("row 1 of partition 0, column features: is null"), message);
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnythingRuns() {
        Dataset<Row> rows = rows(1, 1);
        assertRefused("there is no column x among [id, name, features]", mlp().input(0, "x"), rows);
        assertRefused("input 0 has no column: args[0]", scorer("mlp").output(0, "y"), rows);
        assertRefused("column y is for output 1, and the model has 1", mlp().output(1, "y"), rows);
        assertRefused("there is a column Name already", mlp().output(0, "Name"), rows);
        assertRefused("column name is string: models take", mlp().input(0, "name"), rows);
        assertRefused(
                "column y cannot be output 0: not all float32 values are int32",
                mlp().output(0, "y", DataTypes.IntegerType),
                rows);
    }

    private static void assertRefused(String start, AotiScorer scorer, Dataset<Row> rows) {
        String message =
                assertThrows(InvalidInputException.class, () -> scorer.transform(rows))
                        .getMessage();
        assertEquals(start, message.substring(0, Math.min(start.length(), message.length())));
    }

    /** A limit stops in the middle of a partition, of which no more is read. */
    @Test
    void whoStopsReadingLeavesNothing() {
        Dataset<Row> scored = mlp().batch(8).transform(rows(100_000, 2));
        assertEquals(5, scored.limit(5).collectAsList().size());
        assertEquals(0, ExecutorModels.get().users());
        assertThrows(
                Exception.class,
                () -> scored.selectExpr("if(id > 50, raise_error('x'), id)").collectAsList());
        assertEquals(0, ExecutorModels.get().users());
    }

    @Test
    void aPackageThatHasChangedIsNotLoaded() throws Exception {
        Path copy = folder.resolve("m.pt2");
        Files.copy(Path.of(Sessions.fixture("mlp")), copy);
        AotiScorer scorer = AotiScorer.load(spark, copy.toString()).input(0, "features");
        Path other = folder.resolve("other");
        byte[] bytes = Files.readAllBytes(copy);
        bytes[bytes.length - 1] ^= 1;
        Files.write(other, bytes);
        Dataset<Row> scored = scorer.transform(rows(1, 1));
        Files.move(other, copy, StandardCopyOption.REPLACE_EXISTING);
        String message = assertThrows(Exception.class, scored::collectAsList).getMessage();
        assertTrue(message.contains("SHA-256"), message);
    }

    @Test
    void aFileSystemThatIsNotThereIsNamed() {
        for (String location : List.of("s3a://bucket/m.pt2", "nothing://m.pt2")) {
            AotiException e =
                    assertThrows(AotiException.class, () -> AotiScorer.load(spark, location));
            assertTrue(e.getMessage().startsWith("cannot read " + location), e.getMessage());
        }
    }

    @Test
    void aFunctionOfSqlScoresARow() {
        AotiScorer.register(spark, "aoti_score", Map.of("m", mlp().keepNulls()));
        mlp().transform(rows(20, 2)).createOrReplaceTempView("scored");
        assertEquals(
                20,
                spark.sql(
                                "select * from scored where abs(aoti_score('m', features)[0] -"
                                        + " scores[0]) < 1e-5")
                        .count());
        assertEquals(
                RowFactory.create(true, true),
                spark.sql(
                                "select aoti_score('m', array_repeat(1F, 10))[0] > 0,"
                                        + " aoti_score('m', cast(null as array<float>)) is null")
                        .head());
        assertFails("aoti_score has no model n: it has m", "aoti_score('n', array(1F))");
        assertFails("1 elements where 10 are wanted", "aoti_score('m', array(1F))");
        assertFails("features is BigDecimal", "aoti_score('m', array(0.5))");
        assertFails("would be rounded to float32", "aoti_score('m', array(0.5D))");
        assertEquals(0, ExecutorModels.get().users());
    }

    private void assertFails(String part, String expression) {
        Throwable failure =
                assertThrows(Exception.class, () -> spark.sql("select " + expression).head());
        StringBuilder messages = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            messages.append(cause.getMessage()).append('\n');
        }
        assertTrue(messages.toString().contains(part), messages.toString());
    }
}
