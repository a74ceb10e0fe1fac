package io.github.aoti4j.spark;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.batch.NullRule;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.PackageException;

import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Scores the rows of a {@link Dataset} with a model: columns become the model's inputs, its outputs
 * become further columns. Immutable: each method returns a changed copy.
 *
 * <pre>{@code
 * Dataset<Row> scored =
 *         AotiScorer.load(spark, "hdfs:///models/m.pt2")
 *                 .input(0, "features")
 *                 .output(0, "scores")
 *                 .batch(256)
 *                 .transform(rows);
 * }</pre>
 *
 * <p>Spark brings package and weights to each host once. Each executor loads one model, after it
 * has compared the files' SHA-256 with that of the driver's, and all its tasks use it; one operator
 * uses one thread, because Spark runs a task on each core. The driver only reads the package.
 *
 * <p><b>Rows.</b> The first dimension of all inputs is the batch; a row is one tensor without it.
 * Order, other columns and partitions stay as they are.
 *
 * <p><b>Columns of inputs</b> hold numbers, booleans, arrays of them nested as deep as the row's
 * tensor has dimensions, or one array of all its elements; Spark ML's vectors; or binary: the bytes
 * of the tensor's elements, row-major, little-endian. Where the model takes rows of different
 * sizes, a batch ends where the sizes change.
 *
 * <p><b>Columns of outputs</b> are numbers if a row's tensor has no dimensions, and nested arrays
 * otherwise: {@code float} for float16, bfloat16 and float32, {@code double} for float64, a signed
 * integer that holds all values for integers, {@code boolean} for bool.
 *
 * <p>What cannot work is an {@link InvalidInputException} of {@link #transform}, with the column's
 * name. What goes wrong with a row fails its task: the message has the row's number in its
 * partition and the column.
 */
public final class AotiScorer {
    private static final int DEFAULT_BATCH = 256;

    private final SparkSession spark;
    private final Path file;
    private final String sha256;
    private final ScorerSettings settings;

    private AotiScorer(SparkSession spark, Path file, String sha256, ScorerSettings settings) {
        this.spark = spark;
        this.file = file;
        this.sha256 = sha256;
        this.settings = settings;
    }

    private AotiScorer with(Consumer<ScorerSettings> change) {
        ScorerSettings changed = settings.copy();
        change.accept(changed);
        return new AotiScorer(spark, file, sha256, changed);
    }

    /**
     * Reads a package, and loads nothing yet.
     *
     * @param spark the session
     * @param location a {@code .pt2} file: a path on the driver's host, or a URI of any file system
     *     that Spark reads, such as {@code hdfs:///models/m.pt2}
     * @return a scorer without inputs and outputs
     * @throws PackageException if this is not a sound package
     * @throws AotiException if it cannot be read
     */
    public static AotiScorer load(SparkSession spark, String location) {
        requireNonNull(spark, "spark");
        Path file = DriverFiles.local(spark.sparkContext(), requireNonNull(location, "location"));
        try (ModelPackage opened = ModelPackage.open(file)) {
            var settings = new ScorerSettings();
            settings.location = location;
            settings.batch = DEFAULT_BATCH;
            return new AotiScorer(spark, file, opened.sha256(), settings);
        }
    }

    /**
     * Chooses a model of the package.
     *
     * @param name needed where there are several
     * @return a changed scorer
     */
    public AotiScorer model(String name) {
        return with(s -> s.model = requireNonNull(name, "name"));
    }

    /**
     * Names the column of an input. Each of the model's inputs needs one.
     *
     * @param index the input, in call order
     * @param column a column of the rows
     * @return a changed scorer
     */
    public AotiScorer input(int index, String column) {
        return with(s -> s.inputs.put(index, requireNonNull(column, "column")));
    }

    /**
     * Adds a column with an output, whose type is what the package says of it. Without any, the
     * first output becomes the column {@code output}.
     *
     * @param index the output, in call order
     * @param column a name that the rows do not have yet
     * @return a changed scorer
     */
    public AotiScorer output(int index, String column) {
        return with(
                s ->
                        s.outputs.put(
                                index,
                                new ScorerSettings.Output(requireNonNull(column, "column"), null)));
    }

    /**
     * Adds a column with an output, of a stated type: where the package does not say it, or a wider
     * one, one number of outputs with one element for each row, or one array of outputs with more
     * dimensions.
     *
     * @param index the output, in call order
     * @param column a name that the rows do not have yet
     * @param type a number that holds all values of the output; arrays of such; or binary: the
     *     bytes of a row's tensor, row-major, little-endian
     * @return a changed scorer
     */
    public AotiScorer output(int index, String column, DataType type) {
        requireNonNull(column, "column");
        requireNonNull(type, "type");
        return with(s -> s.outputs.put(index, new ScorerSettings.Output(column, type)));
    }

    /**
     * Sets how many rows are run at once. A package that was compiled for one size has its way: the
     * last batch of a partition is padded, and what comes of the padding is dropped. Where the size
     * may vary, the last batch is run as it is.
     *
     * @param rows at least 1; by default 256
     * @return a changed scorer
     * @throws IllegalArgumentException if there are fewer
     */
    public AotiScorer batch(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("a batch has at least one row, not " + rows);
        }
        return with(s -> s.batch = rows);
    }

    /**
     * Names files that hold the weights, as {@link io.github.aoti4j.ModelOptions#weights} does.
     *
     * @param locations paths on the driver's host, or URIs: safetensors, or files of {@code
     *     torch.save}. Of sharded ones, the files themselves and not the index
     * @return a changed scorer
     */
    public AotiScorer weights(String... locations) {
        return with(s -> s.weights = List.of(locations));
    }

    /**
     * Chooses what answers the functions of PyTorch that the model calls, on all executors.
     *
     * @param which by default that of the executor's system properties, or {@link Engine#AUTO}
     * @return a changed scorer
     */
    public AotiScorer engine(Engine which) {
        return with(s -> s.engine = requireNonNull(which, "which"));
    }

    /**
     * Sets how many threads one operator may use. The first model of an executor decides for all.
     *
     * @param count by default 1: Spark runs a task on each core. To use more, set {@code
     *     spark.task.cpus} to the same number
     * @return a changed scorer
     */
    public AotiScorer intraOpThreads(int count) {
        return with(s -> s.intraOpThreads = count);
    }

    /**
     * Sets how many tasks of an executor may run the model at the same time; the others wait. Each
     * costs the native memory of one run.
     *
     * @param count by default the processors that the executor's JVM has
     * @return a changed scorer
     */
    public AotiScorer runners(int count) {
        return with(s -> s.runners = count);
    }

    /**
     * Limits the private memory of the model on each executor, as {@link
     * io.github.aoti4j.ModelOptions#memoryLimit} does.
     *
     * @param bytes at least 0
     * @return a changed scorer
     */
    public AotiScorer memoryLimit(long bytes) {
        return with(s -> s.memoryLimit = bytes);
    }

    /**
     * Lets floating-point inputs be rounded to the model's dtype, such as doubles to float32. By
     * default only conversions that keep every value are made.
     *
     * @return a changed scorer
     */
    public AotiScorer roundInputs() {
        return with(s -> s.rounding = true);
    }

    /**
     * Leaves rows out that have a null in an input's column, or in an array of it. By default such
     * a row fails its task.
     *
     * @return a changed scorer
     */
    public AotiScorer skipNulls() {
        return with(s -> s.nulls = new NullRule(NullRule.Action.SKIP, 0));
    }

    /**
     * Keeps rows that have a null in an input's column, or in an array of it: their outputs are
     * null. By default such a row fails its task.
     *
     * @return a changed scorer
     */
    public AotiScorer keepNulls() {
        return with(s -> s.nulls = new NullRule(NullRule.Action.KEEP, 0));
    }

    /**
     * Replaces nulls in inputs' columns, and in arrays of them. Where an array is null, all its
     * elements are replaced. By default such a row fails its task.
     *
     * @param value what stands for a null; converted to the input's dtype
     * @return a changed scorer
     */
    public AotiScorer replaceNulls(double value) {
        return with(s -> s.nulls = new NullRule(NullRule.Action.REPLACE, value));
    }

    /** {@return the SHA-256 of the package, which executors compare; 64 hexadecimal digits} */
    public String sha256() {
        return sha256;
    }

    /**
     * Returns what the package says of the model: inputs, outputs, and how much memory it takes.
     *
     * @return read afresh
     * @throws PackageException if the package holds several models and none is chosen
     */
    public ModelDescription describe() {
        try (ModelPackage opened = ModelPackage.open(file)) {
            List<String> models = opened.models();
            if (settings.model == null && models.size() > 1) {
                throw new PackageException(
                        file,
                        "holds several models: choose one of %s with model(name)"
                                .formatted(String.join(", ", models)));
            }
            return opened.describe(settings.model == null ? models.getFirst() : settings.model);
        }
    }

    /**
     * Plans the scoring of rows; nothing runs before the result is read.
     *
     * @param rows with the columns of all inputs
     * @return the rows with the columns of the outputs behind their own
     * @throws InvalidInputException if columns and model do not fit, naming the column
     */
    public Dataset<Row> transform(Dataset<?> rows) {
        requireNonNull(rows, "rows");
        ScoringPlan plan = ScoringPlan.of(describe(), settings, rows.schema());
        MapPartitionsFunction<Row, Row> score =
                new ScorePartition(source(), plan.batches(), plan.values());
        return rows.toDF().mapPartitions(score, Encoders.row(plan.result()));
    }

    /**
     * Registers a function of SQL that scores one row: {@code aoti_score('m', features)}. Its
     * arguments are the name of a model and the model's inputs, in call order, of the types that
     * columns of inputs may have; it returns the output, or a struct of several.
     *
     * <p>Spark calls such a function for each row, so that each row is a run of its own, and may
     * evaluate it more often than once for a row. {@link #transform} runs the model on batches; a
     * query can read its result as a view.
     *
     * <p>Spark does not say what the arguments' types are before there are rows: what does not fit
     * fails a task, and not the query's plan. With {@link #skipNulls} and {@link #keepNulls} the
     * function returns null for a null.
     *
     * @param spark the session
     * @param function the function's name
     * @param models scorers by the names that queries give; all with as many inputs, at most nine,
     *     and outputs of the same types. Columns of inputs need not be named; without an output,
     *     the first one is returned
     * @throws InvalidInputException if the models differ, or the packages do not say enough
     */
    public static void register(
            SparkSession spark, String function, Map<String, AotiScorer> models) {
        SqlFunction.register(
                requireNonNull(spark, "spark"),
                requireNonNull(function, "function"),
                requireNonNull(models, "models"));
    }

    ScorerSettings settings() {
        return settings;
    }

    ModelSource source() {
        var context = spark.sparkContext();
        LocalModels.closeAtEnd(context);
        SharedFile shared = DriverFiles.share(spark, file, sha256, ".pt2");
        List<SharedFile> weights =
                settings.weights.stream()
                        .map(
                                location -> {
                                    Path local = DriverFiles.local(context, location);
                                    String suffix =
                                            location.substring(location.lastIndexOf('.') + 1);
                                    return DriverFiles.share(
                                            spark, local, SharedFile.sha256(local), "." + suffix);
                                })
                        .toList();
        return new ModelSource(
                settings.location,
                shared,
                weights,
                settings.model,
                settings.engine,
                settings.intraOpThreads,
                settings.runners,
                settings.memoryLimit);
    }
}
