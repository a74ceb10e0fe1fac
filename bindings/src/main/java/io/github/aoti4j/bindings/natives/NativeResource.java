package io.github.aoti4j.bindings.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/**
 * A file on the class path.
 *
 * @param stamp differs between contents of the same size: the CRC-32 that its jar states, or else
 *     the time of the last change
 * @param checksums lists its SHA-256, or null
 */
public record NativeResource(
        String name, URL url, long size, long stamp, boolean isCrc, URL checksums) {
    private static final int CHUNK = 1 << 20;

    /** Opens a connection without a cache: a cached jar would stay open. */
    static URLConnection connect(URL url) throws IOException {
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false);
        return connection;
    }

    /**
     * Describes a resource without reading it.
     *
     * @param checksums lists its SHA-256, or null
     */
    static NativeResource at(String name, URL url, URL checksums) throws IOException {
        URLConnection connection = connect(url);
        if (connection instanceof JarURLConnection jarConnection) {
            try (JarFile jar = jarConnection.getJarFile()) {
                JarEntry entry = jar.getJarEntry(jarConnection.getEntryName());
                return new NativeResource(
                        name, url, entry.getSize(), entry.getCrc(), true, checksums);
            }
        }
        // Asking a file's connection for its length opens it.
        try (InputStream _ = connection.getInputStream()) {
            return new NativeResource(
                    name,
                    url,
                    connection.getContentLengthLong(),
                    connection.getLastModified(),
                    false,
                    checksums);
        }
    }

    /** Writes the content to a new file, and reports the bytes of each step. */
    void copyTo(Path target, LongConsumer written) throws IOException {
        CRC32 crc = new CRC32();
        MessageDigest digest = Checksums.digest();
        try (InputStream in = connect(url).getInputStream();
                OutputStream out = Files.newOutputStream(target)) {
            byte[] chunk = new byte[CHUNK];
            for (int n = in.readNBytes(chunk, 0, CHUNK);
                    n > 0;
                    n = in.readNBytes(chunk, 0, CHUNK)) {
                crc.update(chunk, 0, n);
                digest.update(chunk, 0, n);
                out.write(chunk, 0, n);
                written.accept(n);
            }
        }
        if (isCrc && crc.getValue() != stamp) {
            throw new IOException(
                    url + " is damaged: its checksum is not the one that its jar states");
        }
        if (checksums != null) {
            requireChecksum(HexFormat.of().formatHex(digest.digest()));
        }
    }

    private void requireChecksum(String found) throws IOException {
        if (!found.equals(Checksums.of(name, checksums))) {
            throw new IOException(
                    "%s is damaged: its SHA-256 is %s, which is not the one in %s"
                            .formatted(url, found, checksums));
        }
    }
}
