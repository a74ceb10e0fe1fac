package io.github.aoti4j.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Spark's own cluster manager on this machine: a master and two workers of two cores each. */
final class StandaloneCluster implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Pattern MASTER =
            Pattern.compile("Starting Spark master at (spark://[0-9.]+:\\d+)");

    private final SparkInstallation spark;
    private final Path folder;
    private final List<Process> processes = new ArrayList<>();
    private final List<Process> workers = new ArrayList<>();
    private final Thread hook = new Thread(this::killAll);
    private String master;

    private StandaloneCluster(SparkInstallation spark, Path folder) {
        this.spark = spark;
        this.folder = folder.toAbsolutePath();
    }

    /** Starts a cluster; its logs and its workers' folders lie in the folder. */
    static StandaloneCluster start(SparkInstallation spark, Path folder)
            throws IOException, InterruptedException {
        var cluster = new StandaloneCluster(spark, Files.createDirectories(folder));
        Runtime.getRuntime().addShutdownHook(cluster.hook);
        try {
            cluster.start();
            return cluster;
        } catch (Throwable e) {
            cluster.close();
            throw e;
        }
    }

    private void start() throws IOException, InterruptedException {
        Path log = folder.resolve("master.log");
        launch(
                log,
                "org.apache.spark.deploy.master.Master",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0");
        await("the master", () -> MASTER.matcher(read(log)).find());
        Matcher found = MASTER.matcher(read(log));
        master = found.find() ? found.group(1) : "";
        for (int i = 0; i < 2; i++) {
            workers.add(
                    launch(
                            folder.resolve("worker" + i + ".log"),
                            "org.apache.spark.deploy.worker.Worker",
                            "--host",
                            "127.0.0.1",
                            "--port",
                            "0",
                            "--webui-port",
                            "0",
                            "--cores",
                            "2",
                            "--memory",
                            "1g",
                            "--work-dir",
                            workFolder(i).toString(),
                            master));
        }
        for (int i = 0; i < 2; i++) {
            Path worker = folder.resolve("worker" + i + ".log");
            await("a worker", () -> read(worker).contains("Successfully registered with master"));
        }
    }

    /** Starts a class of Spark, which ends with the cluster at the latest. */
    Process launch(Path log, String... arguments) throws IOException, InterruptedException {
        Process process = spark.sparkClass(log, arguments).start();
        processes.add(process);
        return process;
    }

    /** Returns {@code spark://…}. */
    String master() {
        return master;
    }

    /** Returns a worker's executors that live. */
    List<ProcessHandle> executors(int worker) {
        return workers.get(worker).children().filter(ProcessHandle::isAlive).toList();
    }

    /** Returns what an executor of a worker has logged, for each of them, dead or alive. */
    List<String> executorLogs(int worker) throws IOException {
        try (Stream<Path> files = Files.walk(workFolder(worker))) {
            return files.filter(f -> f.endsWith("stderr")).map(StandaloneCluster::read).toList();
        }
    }

    private Path workFolder(int worker) {
        return folder.resolve("work" + worker);
    }

    /** Waits until something is so, or fails after two minutes. */
    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain for " + what);
            }
            Thread.sleep(20);
        }
    }

    /** Returns what a file holds that may not be there yet. */
    static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void killAll() {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : processes) {
            all.add(process.toHandle());
            process.descendants().forEach(all::add);
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() {
        // A worker that has lost an executor may be starting another one: workers first.
        for (int i = processes.size() - 1; i >= 0; i--) {
            List<ProcessHandle> children = processes.get(i).descendants().toList();
            processes
                    .get(i)
                    .destroyForcibly()
                    .onExit()
                    .completeOnTimeout(null, 10, TimeUnit.SECONDS)
                    .join();
            children.forEach(ProcessHandle::destroyForcibly);
        }
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
