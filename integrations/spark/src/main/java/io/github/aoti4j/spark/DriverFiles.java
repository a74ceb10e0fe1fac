package io.github.aoti4j.spark;

import io.github.aoti4j.core.AotiException;

import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkContext;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Files on the driver, on their way to the executors. A file is given to Spark under a name made of
 * its digest: Spark knows files by their names alone, and does not take another one of a name.
 */
final class DriverFiles {
    private static final Path FOLDER = folder();

    private DriverFiles() {}

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory("aoti4j-spark");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            return folder;
        } catch (IOException e) {
            throw new AotiException("cannot make a folder for files of the cluster: " + e, e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException _) {
            // It is a temporary folder.
        }
    }

    /**
     * Brings a file to the driver, if it is not there.
     *
     * @param location a path, or a URI of any file system that Spark has
     */
    static Path local(SparkContext spark, String location) {
        if (!location.contains(":")) {
            return Path.of(location);
        }
        var source = new org.apache.hadoop.fs.Path(location);
        URI uri = source.toUri();
        if ("file".equals(uri.getScheme())) {
            return Path.of(uri.getPath());
        }
        try {
            FileSystem files = source.getFileSystem(spark.hadoopConfiguration());
            Path copy = Files.createTempFile(FOLDER, "download", "");
            files.copyToLocalFile(false, source, new org.apache.hadoop.fs.Path(copy.toUri()), true);
            return copy;
        } catch (IOException e) {
            throw new AotiException("cannot read " + location + ": " + e, e);
        }
    }

    /** Has Spark bring a file of the driver to every executor that needs it. */
    static SharedFile share(SparkContext spark, Path file, String sha256, String suffix) {
        Path absolute = file.toAbsolutePath();
        if (spark.isLocal()) {
            return new SharedFile(null, absolute.toString(), sha256);
        }
        String name = "aoti4j-" + sha256 + suffix;
        if (!spark.listFiles().exists(known -> known.endsWith("/" + name))) {
            spark.addFile(staged(absolute, name).toString());
        }
        return new SharedFile(name, absolute.toString(), sha256);
    }

    private static Path staged(Path file, String name) {
        Path staged = FOLDER.resolve(name);
        try {
            try {
                Files.createLink(staged, file);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (IOException | UnsupportedOperationException _) {
                Path copy = Files.createTempFile(FOLDER, "copy", "");
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                Files.move(copy, staged, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (FileAlreadyExistsException _) {
            return staged;
        } catch (IOException e) {
            throw new AotiException("cannot copy %s to %s: %s".formatted(file, FOLDER, e), e);
        }
        return staged;
    }
}
