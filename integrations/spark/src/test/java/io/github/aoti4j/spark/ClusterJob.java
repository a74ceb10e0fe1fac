package io.github.aoti4j.spark;

import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A driver: scores rows of {@code mlp}, whose right answers PyTorch gave, and writes what it found.
 * Most tasks stop in their middle until the test lets them go on.
 */
public final class ClusterJob {
    static final int ROWS = 100_000;
    static final int PARTITIONS = 20;

    /** Partitions that do not stop. */
    private static final int FREE = 2;

    private static final long LIMIT_MILLIS = 120_000;

    private ClusterJob() {}

    /** Stops in the middle of a partition, until a file exists. */
    private record Gate(String file) implements UDF1<Long, Boolean> {
        @Override
        public Boolean call(Long id) throws InterruptedException {
            int partition = (int) (id * PARTITIONS / ROWS);
            boolean stops = partition >= FREE && id % (ROWS / PARTITIONS) == ROWS / PARTITIONS / 2;
            for (long i = 0; stops && !Files.exists(Path.of(file)); i += 20) {
                if (i > LIMIT_MILLIS) {
                    throw new IllegalStateException("nobody made " + file);
                }
                Thread.sleep(20);
            }
            return true;
        }
    }

    /** Which executor scored a row, and how many models it has. */
    private record Executor() implements UDF1<Long, String> {
        @Override
        public String call(Long id) {
            return ProcessHandle.current().pid() + ":" + ExecutorModels.get().size();
        }
    }

    /** Counts tasks that fail, and says when the first one that scores has ended. */
    private static final class Tasks extends SparkListener {
        private final Path first;
        private final AtomicInteger failed = new AtomicInteger();
        private int scoring = -1;

        Tasks(Path first) {
            this.first = first;
        }

        @Override
        public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
            if (submitted.stageInfo().numTasks() == PARTITIONS) {
                scoring = submitted.stageInfo().stageId();
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            try {
                if (!end.taskInfo().successful()) {
                    failed.incrementAndGet();
                } else if (end.stageId() == scoring && !Files.exists(first)) {
                    Files.createFile(first);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Takes the folder of the fixture, and one for files that the test and the job exchange. */
    public static void main(String[] args) throws IOException {
        Path fixture = Path.of(args[0]);
        Path folder = Path.of(args[1]);
        try (SparkSession spark = SparkSession.builder().appName("cluster job").getOrCreate()) {
            spark.udf()
                    .register(
                            "gate",
                            new Gate(folder.resolve("go").toString()),
                            DataTypes.BooleanType);
            spark.udf().register("executor", new Executor(), DataTypes.StringType);
            Dataset<Row> rows =
                    spark.range(0, ROWS, 1, PARTITIONS)
                            .selectExpr("id", "cast(id % 1024 as int) as k")
                            .join(known(spark, fixture), "k");
            Dataset<Row> scored =
                    AotiScorer.load(spark, fixture.resolve("mlp.pt2").toString())
                            .input(0, "features")
                            .output(0, "scores")
                            .batch(128)
                            .transform(rows)
                            .selectExpr("id", "expected", "scores[0]", "executor(id)", "gate(id)");
            var tasks = new Tasks(folder.resolve("first"));
            spark.sparkContext().addSparkListener(tasks);
            write(scored.collectAsList(), tasks.failed.get(), folder);
        }
    }

    /** Returns the fixture's inputs and outputs. */
    private static Dataset<Row> known(SparkSession spark, Path fixture) throws IOException {
        float[] inputs = floats(fixture.resolve("batch1024.inputs.safetensors"));
        float[] outputs = floats(fixture.resolve("batch1024.outputs.safetensors"));
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            List<Float> features = new ArrayList<>();
            for (int j = 0; j < 10; j++) {
                features.add(inputs[i * 10 + j]);
            }
            rows.add(RowFactory.create(i, features, outputs[i]));
        }
        return spark.createDataFrame(
                rows,
                new StructType()
                        .add("k", DataTypes.IntegerType)
                        .add("features", DataTypes.createArrayType(DataTypes.FloatType))
                        .add("expected", DataTypes.FloatType));
    }

    /** Reads a safetensors file of one tensor: the header's length, the header, the elements. */
    private static float[] floats(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong());
        bytes.position(bytes.position() + header);
        float[] elements = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(elements);
        return elements;
    }

    private static void write(List<Row> scored, int failedTasks, Path folder) throws IOException {
        BitSet ids = new BitSet(ROWS);
        Set<String> executors = new HashSet<>();
        int wrong = 0;
        for (Row row : scored) {
            ids.set(Math.toIntExact(row.getLong(0)));
            wrong += Math.abs(row.getFloat(1) - row.getFloat(2)) < 1e-6f ? 0 : 1;
            executors.add(row.getString(3));
        }
        var result = new Properties();
        result.setProperty("rows", Integer.toString(scored.size()));
        result.setProperty("ids", Integer.toString(ids.cardinality()));
        result.setProperty("wrong", Integer.toString(wrong));
        result.setProperty("executors", String.join(" ", executors));
        result.setProperty("failedTasks", Integer.toString(failedTasks));
        try (var out = Files.newBufferedWriter(folder.resolve("result"))) {
            result.store(out, null);
        }
    }
}
