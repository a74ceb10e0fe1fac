package io.github.aoti4j.spark;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;

import scala.collection.Seq;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures what Spark costs: rows per second of one model, whose input and output are float32 and
 * whose batch may vary, on two threads. All take turns in every round; the first two rounds warm
 * up.
 */
public final class ScoringFigures {
    private static final int THREADS = 2;
    private static final int WARM_UP = 2;

    /** Static: tasks of {@code local[2]} are serialized all the same. */
    private static Model model;

    private final Path file;
    private final int width;
    private final int rows;
    private final SparkSession spark = Sessions.local();
    private final Dataset<Row> data;
    private final float[] features;

    private ScoringFigures(Path file, int width, int rows) {
        this.file = file;
        this.width = width;
        this.rows = rows;
        this.features = new float[rows * width];
        Arrays.fill(features, 0.5f);
        this.data =
                spark.range(0, rows, 1, THREADS)
                        .selectExpr(
                                "id",
                                "transform(sequence(1, %d), i -> cast(0.5 as float)) as features"
                                        .formatted(width))
                        .persist(StorageLevel.MEMORY_ONLY());
        data.count();
    }

    /** Takes a package, the length of a row, a number of rows and one of rounds. */
    public static void main(String[] args) throws Exception {
        int rows = Integer.parseInt(args[2]);
        model =
                Model.load(
                        Path.of(args[0]),
                        ModelOptions.defaults().intraOpThreads(1).runners(THREADS));
        var figures = new ScoringFigures(Path.of(args[0]), Integer.parseInt(args[1]), rows);
        figures.measure(Integer.parseInt(args[3]));
        Sessions.stop();
    }

    private void measure(int rounds) throws Exception {
        Map<String, Callable<Object>> contenders = new LinkedHashMap<>();
        for (int batch : new int[] {256, 32, 1}) {
            contenders.put("Runner, no Spark, batch " + batch, () -> withoutSpark(batch));
        }
        for (int batch : new int[] {256, 32, 1}) {
            contenders.put("transform, batch " + batch, () -> read(transformed(batch)));
        }
        contenders.put("function of SQL", () -> read(bySql()));
        contenders.put("UDF, Model.run on a row", () -> read(oneByOne()));
        contenders.put("Spark, no model", () -> read(copied()));
        Map<String, List<Double>> ratios = new LinkedHashMap<>();
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        for (int round = 0; round < WARM_UP + rounds; round++) {
            double base = 0;
            for (var contender : contenders.entrySet()) {
                long start = System.nanoTime();
                contender.getValue().call();
                double rate = rows * 1e9 / (System.nanoTime() - start);
                base = base == 0 ? rate : base;
                if (round >= WARM_UP) {
                    add(rates, contender.getKey(), rate);
                    add(ratios, contender.getKey(), rate / base);
                }
            }
        }
        rates.forEach(
                (name, rate) ->
                        System.out.printf(
                                "%-30s %12.0f rows/s  %6.3f%n",
                                name, median(rate), median(ratios.get(name))));
    }

    private static void add(Map<String, List<Double>> all, String name, double value) {
        all.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static Object read(Dataset<Row> scored) {
        scored.write().format("noop").mode("overwrite").save();
        return scored;
    }

    private AotiScorer scorer() {
        return AotiScorer.load(spark, file.toString()).input(0, "features").output(0, "scores");
    }

    private Dataset<Row> transformed(int batch) {
        return scorer().batch(batch).transform(data);
    }

    private Dataset<Row> bySql() {
        AotiScorer.register(spark, "score", Map.of("m", scorer()));
        return data.selectExpr("id", "features", "score('m', features) as scores");
    }

    /** What Spark takes for rows that go to a function and come back, without a model. */
    private Dataset<Row> copied() {
        MapPartitionsFunction<Row, Row> same = given -> given;
        return data.mapPartitions(same, Encoders.row(data.schema()));
    }

    /** What the peers do. */
    private Dataset<Row> oneByOne() {
        int length = width;
        UDF1<Seq<Float>, List<Float>> predict =
                row -> {
                    float[] values = new float[length];
                    for (int i = 0; i < length; i++) {
                        values[i] = row.apply(i);
                    }
                    try (Arena arena = Arena.ofConfined()) {
                        float[] result =
                                model.run(arena, Tensor.of(arena, values, 1, length))
                                        .getFirst()
                                        .toFloatArray();
                        List<Float> list = new ArrayList<>();
                        for (float value : result) {
                            list.add(value);
                        }
                        return list;
                    }
                };
        spark.udf().register("predict", predict, DataTypes.createArrayType(DataTypes.FloatType));
        return data.selectExpr("id", "features", "predict(features) as scores");
    }

    private Object withoutSpark(int batch) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<Float>> parts = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int from = rows / THREADS * i;
                parts.add(threads.submit(() -> score(from, from + rows / THREADS, batch)));
            }
            float sum = 0;
            for (Future<Float> part : parts) {
                sum += part.get();
            }
            return sum;
        }
    }

    private float score(int from, int to, int batch) {
        MemorySegment given = MemorySegment.ofArray(features);
        float sum = 0;
        int bound = 0;
        try (Runner runner = model.newRunner()) {
            for (int first = from; first < to; first += batch) {
                int count = Math.min(batch, to - first);
                if (count != bound) {
                    runner.allocate(0, count, width);
                    bound = count;
                }
                long bytes = (long) count * width * Float.BYTES;
                runner.input(0)
                        .segment()
                        .copyFrom(given.asSlice((long) first * width * Float.BYTES, bytes));
                runner.run();
                float[] scores = runner.output(0).toFloatArray();
                sum += scores[0];
            }
        }
        return sum;
    }
}
