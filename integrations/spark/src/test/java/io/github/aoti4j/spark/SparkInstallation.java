package io.github.aoti4j.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Spark as its distribution lies in a folder: its jars in {@code jars}, and none of ours. What the
 * distribution's scripts do, its launcher does: it says how a class of Spark is started.
 */
final class SparkInstallation {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin/java").toString();

    private final Path home;
    private final List<Path> application = new ArrayList<>();

    private SparkInstallation(Path home) {
        this.home = home;
    }

    /** Lays a folder out with the jars of this JVM's class path. */
    static SparkInstallation in(Path folder) throws IOException {
        var spark = new SparkInstallation(folder.toAbsolutePath());
        Path jars = Files.createDirectories(spark.home.resolve("jars"));
        Path ours = Files.createDirectories(spark.home.resolve("application"));
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            String name = path.getFileName().toString();
            if (Files.isDirectory(path)) {
                Path jar = ours.resolve(spark.application.size() + ".jar");
                spark.application.add(jarOf(path, jar));
            } else if (name.startsWith("aoti4j") || entry.contains("/tools/jackson/")) {
                spark.application.add(path);
            } else if (Files.exists(path) && !Files.exists(jars.resolve(name))) {
                Files.createSymbolicLink(jars.resolve(name), path);
            }
        }
        return spark;
    }

    static Path jarOf(Path folder, Path jar) throws IOException {
        try (var out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
        return jar;
    }

    /** Returns what {@code --jars} takes: aoti4j, what it depends on, and the tests. */
    String applicationJars() {
        return String.join(",", application.stream().map(Path::toString).toList());
    }

    /** Returns the jar of the application that holds a class. */
    Path jarOf(Class<?> type) throws IOException {
        String name = type.getName().replace('.', '/') + ".class";
        for (Path jar : application) {
            try (var zip = new ZipFile(jar.toFile())) {
                if (zip.getEntry(name) != null) {
                    return jar;
                }
            }
        }
        throw new IllegalStateException("no jar has " + type);
    }

    /** Returns what {@code bin/spark-class} of the distribution would start; it logs to a file. */
    ProcessBuilder sparkClass(Path log, String... arguments)
            throws IOException, InterruptedException {
        List<String> launcher =
                new ArrayList<>(
                        List.of(
                                JAVA,
                                "-Xmx128m",
                                "-cp",
                                home.resolve("jars") + "/*",
                                "org.apache.spark.launcher.Main"));
        launcher.addAll(Arrays.asList(arguments));
        ProcessBuilder asking = withEnvironment(new ProcessBuilder(launcher));
        Process process = asking.redirectError(log.toFile()).start();
        // The command's words, and its end, each with a zero behind it; an empty line is first.
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IOException("Spark's launcher failed: " + Files.readString(log) + answer);
        }
        List<String> words =
                Arrays.stream(answer.split("\0", -1))
                        .map(String::strip)
                        .filter(w -> !w.isEmpty())
                        .toList();
        return withEnvironment(new ProcessBuilder(words))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }

    private ProcessBuilder withEnvironment(ProcessBuilder builder) {
        builder.environment()
                .putAll(
                        Map.of(
                                "SPARK_HOME",
                                home.toString(),
                                "JAVA_HOME",
                                System.getProperty("java.home"),
                                "SPARK_SCALA_VERSION",
                                "2.13",
                                "SPARK_LOCAL_IP",
                                "127.0.0.1",
                                "SPARK_DAEMON_MEMORY",
                                "256m",
                                "SPARK_DAEMON_JAVA_OPTS",
                                "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
                                "SPARK_LOCAL_DIRS",
                                home.resolve("local").toString()));
        return builder;
    }
}
