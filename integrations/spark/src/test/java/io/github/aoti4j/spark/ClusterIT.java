package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.Checkout;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** Jobs on a cluster of processes; in the profile {@code spark-cluster} only. */
@Timeout(300)
class ClusterIT {
    private static final Path TARGET = Path.of("target/spark-cluster").toAbsolutePath();

    private static Path folder;
    private static SparkInstallation spark;
    private static StandaloneCluster cluster;

    @BeforeAll
    @Timeout(300)
    static void start() throws Exception {
        Files.createDirectories(TARGET);
        folder = Files.createTempDirectory(TARGET, "run");
        spark = SparkInstallation.in(folder.resolve("spark"));
        cluster = StandaloneCluster.start(spark, folder.resolve("cluster"));
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    /** Submits {@link ClusterJob} and returns its process. */
    private static Process submitJob(Path exchange) throws IOException, InterruptedException {
        Files.createDirectories(exchange);
        StandaloneCluster.await("the end of other jobs", () -> executors().isEmpty());
        return cluster.launch(
                exchange.resolve("driver.log"),
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                cluster.master(),
                "--driver-memory",
                "512m",
                "--executor-memory",
                "512m",
                "--executor-cores",
                "2",
                "--jars",
                spark.applicationJars(),
                "--class",
                ClusterJob.class.getName(),
                spark.jarOf(ClusterJob.class).toString(),
                Checkout.fixtures().resolve("mlp").toString(),
                exchange.toString());
    }

    private static List<ProcessHandle> executors() {
        List<ProcessHandle> all = new ArrayList<>(cluster.executors(0));
        all.addAll(cluster.executors(1));
        return all;
    }

    private static void awaitFirstTask(Process driver, Path exchange) throws InterruptedException {
        StandaloneCluster.await(
                "the end of the first task",
                () -> Files.exists(exchange.resolve("first")) || !driver.isAlive());
        assertTrue(driver.isAlive(), () -> StandaloneCluster.read(exchange.resolve("driver.log")));
    }

    @Test
    void anExecutorThatIsKilledLosesNoRow() throws Exception {
        Path exchange = folder.resolve("killed-executor");
        Process driver = submitJob(exchange);
        awaitFirstTask(driver, exchange);
        ProcessHandle executor = cluster.executors(0).getFirst();
        executor.destroyForcibly();
        executor.onExit().get(1, TimeUnit.MINUTES);
        StandaloneCluster.await("another executor", () -> !cluster.executors(0).isEmpty());
        Files.createFile(exchange.resolve("go"));
        assertTrue(driver.waitFor(2, TimeUnit.MINUTES));
        String log = StandaloneCluster.read(exchange.resolve("driver.log"));
        assertEquals(0, driver.exitValue(), log);
        var result = new Properties();
        try (var in = Files.newBufferedReader(exchange.resolve("result"))) {
            result.load(in);
        }
        List<String> executors = List.of(result.getProperty("executors").split(" ", -1));
        assertAll(
                () -> assertEquals("100000", result.getProperty("rows")),
                () -> assertEquals("100000", result.getProperty("ids")),
                () -> assertEquals("0", result.getProperty("wrong")),
                () -> assertTrue(Integer.parseInt(result.getProperty("failedTasks")) > 0, log),
                // How many score what is left is for Spark to choose.
                () -> executors.forEach(e -> assertTrue(e.endsWith(":1"), executors::toString)),
                ClusterIT::assertFetchedOnce);
    }

    /** Each executor says once at most that it fetches the package, and some do. */
    private static void assertFetchedOnce() throws IOException {
        List<String> logs = new ArrayList<>(cluster.executorLogs(0));
        logs.addAll(cluster.executorLogs(1));
        List<Long> fetches =
                logs.stream()
                        .map(
                                log ->
                                        log.lines()
                                                .filter(
                                                        l ->
                                                                l.contains("Fetching spark:")
                                                                        && l.contains(" to "))
                                                .filter(l -> l.contains("/files/aoti4j-"))
                                                .count())
                        .toList();
        assertTrue(
                fetches.stream().allMatch(n -> n <= 1) && fetches.contains(1L), fetches::toString);
    }

    @Test
    void aDriverThatIsKilledLeavesNoExecutor() throws Exception {
        Path exchange = folder.resolve("killed-driver");
        Process driver = submitJob(exchange);
        awaitFirstTask(driver, exchange);
        List<ProcessHandle> executors = executors();
        assertEquals(2, executors.size());
        driver.destroyForcibly();
        StandaloneCluster.await(
                "the end of the executors",
                () -> executors.stream().noneMatch(ProcessHandle::isAlive));
        StandaloneCluster.await("workers without executors", () -> executors().isEmpty());
    }
}
