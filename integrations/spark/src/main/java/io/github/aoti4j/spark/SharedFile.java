package io.github.aoti4j.spark;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.PackageException;

import org.apache.spark.SparkFiles;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that every host of a cluster has a copy of.
 *
 * @param name under which Spark has it; null in local mode, where all is one process
 * @param session the session whose jobs have it in a folder of this name; others have it beside
 * @param path on the driver's host
 */
record SharedFile(String name, String session, String path, String sha256) implements Serializable {
    private static final int BUFFER = 1 << 20;

    /** Returns where it lies on this host. */
    Path local() {
        if (name == null) {
            return Path.of(path);
        }
        Path root = Path.of(SparkFiles.getRootDirectory());
        Path ofSession = root.resolve(session).resolve(name);
        return Files.exists(ofSession) ? ofSession : root.resolve(name);
    }

    /** Returns where it lies on this host, if it is what the driver has seen. */
    Path verified() {
        Path local = local();
        String found = sha256(local);
        if (!found.equals(sha256)) {
            throw new PackageException(
                    local,
                    "has the SHA-256 %s, and that of the driver's %s is %s"
                            .formatted(found, path, sha256));
        }
        return local;
    }

    static String sha256(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new AotiException("cannot read " + file + ": " + e, e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
