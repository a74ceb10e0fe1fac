package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.Checkout;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The samples of the pages that use Spark, compiled and run as they stand. */
class SparkPagesTest {
    private static final Pattern BLOCK = Pattern.compile("(?s)```java\n(?<text>.*?)```");

    private static final Pattern CLASS = Pattern.compile("(?m)^(public )?class (?<name>\\w+)");

    private final SparkSession spark = Sessions.local();

    @TempDir private Path folder;

    @Test
    void samplesScore() throws Exception {
        Dataset<Row> rows =
                spark.range(100)
                        .selectExpr("id", "array_repeat(cast(id as float) / 100, 10) as features")
                        .selectExpr("id", "cast(features as array<float>) as features");
        String given = folder.resolve("rows").toString();
        rows.write().parquet(given);
        rows.createOrReplaceTempView("rows");
        String model = Sessions.fixture("mlp");
        Map<String, String> samples = samples();
        assertEquals(3, samples.size(), () -> samples.keySet().toString());
        compile(samples, folder);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            for (String main : List.of("SparkExample", "SparkScoring")) {
                String result = folder.resolve(main).toString();
                Method method = loader.loadClass(main).getMethod("main", String[].class);
                method.invoke(null, (Object) new String[] {model, given, result});
                assertEquals(
                        100, spark.read().parquet(result).filter("scores[0] > 0").count(), main);
            }
            Method score =
                    loader.loadClass("SparkSqlExample")
                            .getDeclaredMethod("score", SparkSession.class, String.class);
            score.setAccessible(true);
            Dataset<?> scored = (Dataset<?>) score.invoke(null, spark, model);
            assertEquals(100, scored.filter("scores[0] > 0").count());
        }
    }

    static Map<String, String> samples() throws IOException {
        Map<String, String> samples = new HashMap<>();
        for (String page : List.of("README.md", "docs/spark.md")) {
            Matcher block = BLOCK.matcher(Files.readString(Checkout.root().resolve(page)));
            while (block.find()) {
                Matcher name = CLASS.matcher(block.group("text"));
                if (block.group("text").contains("org.apache.spark") && name.find()) {
                    samples.put(name.group("name"), block.group("text"));
                }
            }
        }
        return samples;
    }

    /** Compiles samples into a folder. */
    static void compile(Map<String, String> samples, Path folder) throws IOException {
        for (Map.Entry<String, String> sample : samples.entrySet()) {
            Files.writeString(folder.resolve(sample.getKey() + ".java"), sample.getValue());
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of(
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString());
        List<Path> sources =
                samples.keySet().stream().map(name -> folder.resolve(name + ".java")).toList();
        boolean compiled =
                compiler.getTask(
                                messages,
                                null,
                                null,
                                options,
                                null,
                                compiler.getStandardFileManager(null, null, null)
                                        .getJavaFileObjectsFromPaths(sources))
                        .call();
        assertTrue(compiled, messages::toString);
    }
}
