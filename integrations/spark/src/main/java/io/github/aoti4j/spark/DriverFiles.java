package io.github.aoti4j.spark;

import io.github.aoti4j.core.AotiException;

import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Files on the driver, on their way to the executors. A file is given to Spark under a name made of
 * its digest: Spark knows files by their names alone, and does not take another one of a name.
 */
final class DriverFiles {
    private DriverFiles() {}

    /** Made when it is needed. What is in it is deleted when the process ends. */
    private static final class Folder {
        static final Path PATH = make();

        private static Path make() {
            try {
                return deletedAtExit(Files.createTempDirectory("aoti4j-spark"));
            } catch (IOException e) {
                throw new AotiException("cannot make a folder for files of the cluster: " + e, e);
            }
        }
    }

    private static Path deletedAtExit(Path file) {
        file.toFile().deleteOnExit();
        return file;
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
        try {
            var source = new org.apache.hadoop.fs.Path(location);
            URI uri = source.toUri();
            if ("file".equals(uri.getScheme())) {
                return Path.of(uri.getPath());
            }
            FileSystem files = source.getFileSystem(spark.hadoopConfiguration());
            Path copy = deletedAtExit(Files.createTempFile(Folder.PATH, "download", ""));
            files.copyToLocalFile(false, source, new org.apache.hadoop.fs.Path(copy.toUri()), true);
            return copy;
        } catch (IOException | RuntimeException e) {
            // Hadoop throws either for a file system that is not on the class path.
            throw new AotiException("cannot read " + location + ": " + e, e);
        }
    }

    /** Has Spark bring a file of the driver to every executor that needs it. */
    static SharedFile share(SparkSession session, Path file, String sha256, String suffix) {
        SparkContext spark = session.sparkContext();
        Path absolute = file.toAbsolutePath();
        if (spark.isLocal()) {
            return new SharedFile(null, null, absolute.toString(), sha256);
        }
        String name = "aoti4j-" + sha256 + suffix;
        String staged = staged(absolute, name, sha256).toString();
        // Jobs of RDDs get the files of the context, those of datasets the files of their session.
        spark.addFile(staged);
        var classic = (org.apache.spark.sql.classic.SparkSession) session;
        classic.artifactManager()
                .withResources(
                        () -> {
                            spark.addFile(staged);
                            return null;
                        });
        return new SharedFile(name, classic.sessionUUID(), absolute.toString(), sha256);
    }

    /**
     * Returns the file under a name of its own. It is a link where there can be one, since weights
     * may be large: what is written over the file in place is then noticed by its digest.
     */
    static Path staged(Path file, String name, String sha256) {
        Path staged = deletedAtExit(Folder.PATH.resolve(name));
        try {
            link(file, staged);
            if (!SharedFile.sha256(staged).equals(sha256)) {
                Files.delete(staged);
                link(file, staged);
                if (!SharedFile.sha256(staged).equals(sha256)) {
                    Files.delete(staged);
                    throw new AotiException(
                            file
                                    + " has been changed: make the scorer again to use what it is"
                                    + " now");
                }
            }
        } catch (IOException e) {
            throw new AotiException("cannot copy %s to %s: %s".formatted(file, Folder.PATH, e), e);
        }
        return staged;
    }

    private static void link(Path file, Path staged) throws IOException {
        if (Files.exists(staged)) {
            return;
        }
        try {
            Files.createLink(staged, file);
        } catch (FileAlreadyExistsException _) {
            // Another thread was faster.
        } catch (IOException | UnsupportedOperationException _) {
            Path copy = Files.createTempFile(Folder.PATH, "copy", "");
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            Files.move(copy, staged, StandardCopyOption.ATOMIC_MOVE);
        }
    }
}
