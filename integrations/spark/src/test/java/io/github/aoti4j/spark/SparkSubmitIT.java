package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The samples of the pages, submitted as the pages say: in one jar, with nothing else. */
@Timeout(300)
class SparkSubmitIT {
    private static final List<String> SAMPLES = List.of("SparkExample", "SparkScoring");

    private final Path target = Path.of("target/spark-cluster").toAbsolutePath();

    @Test
    void samplesScoreInOneProcessAndOnACluster() throws Exception {
        Files.createDirectories(target);
        Path folder = Files.createTempDirectory(target, "submit");
        Path classes = Files.createDirectory(folder.resolve("classes"));
        SparkPagesTest.compile(SparkPagesTest.samples(), classes);
        SparkInstallation spark = SparkInstallation.in(folder.resolve("spark"));
        Path samples = SparkInstallation.jarOf(classes, folder.resolve("samples.jar"));
        Path app = oneJar(spark, samples, folder.resolve("app.jar"));
        String rows = folder.resolve("rows").toString();
        SparkSession session = Sessions.local();
        session.range(100)
                .selectExpr("id", "transform(sequence(0, 9), i -> cast(i as float)) as features")
                .write()
                .parquet(rows);
        try (StandaloneCluster cluster =
                StandaloneCluster.start(spark, folder.resolve("cluster"))) {
            for (String master : List.of("local[2]", cluster.master())) {
                for (String sample : SAMPLES) {
                    String name = sample + (master.startsWith("local") ? "-local" : "-cluster");
                    String scored = folder.resolve(name).toString();
                    Path log = folder.resolve(name + ".log");
                    Process driver =
                            cluster.launch(
                                    log,
                                    "org.apache.spark.deploy.SparkSubmit",
                                    "--master",
                                    master,
                                    "--class",
                                    sample,
                                    app.toString(),
                                    Sessions.fixture("mlp"),
                                    rows,
                                    scored);
                    assertTrue(driver.waitFor(2, TimeUnit.MINUTES), name);
                    assertEquals(0, driver.exitValue(), () -> StandaloneCluster.read(log));
                    assertEquals(
                            100,
                            session.read().parquet(scored).filter("scores[0] > 0").count(),
                            name);
                }
            }
        }
    }

    /** Makes one jar of aoti4j and a jar, as the page about builds says. */
    private static Path oneJar(SparkInstallation spark, Path jar, Path result) throws IOException {
        var entries = new TreeMap<String, ByteArrayOutputStream>();
        for (String part : (jar + "," + spark.applicationJars()).split(",", -1)) {
            try (var zip = new ZipFile(part)) {
                for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                    ZipEntry entry = all.nextElement();
                    String name = entry.getName();
                    boolean isService = name.startsWith("META-INF/services/");
                    boolean isLeftOut =
                            entry.isDirectory()
                                    || name.endsWith("module-info.class")
                                    || name.equals("META-INF/MANIFEST.MF")
                                    || (entries.containsKey(name) && !isService);
                    if (!isLeftOut) {
                        try (InputStream in = zip.getInputStream(entry)) {
                            in.transferTo(
                                    entries.computeIfAbsent(
                                            name, _ -> new ByteArrayOutputStream()));
                        }
                    }
                }
            }
        }
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MULTI_RELEASE, "true");
        try (var out = new JarOutputStream(Files.newOutputStream(result), manifest)) {
            for (var entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                entry.getValue().writeTo(out);
            }
        }
        return result;
    }
}
