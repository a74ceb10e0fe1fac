package io.github.aoti4j.libtorch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/**
 * A file on the class path.
 *
 * @param size in bytes
 * @param stamp tells this content from others of the same size without reading it: the CRC-32 that
 *     its jar states, or else when it was last changed
 * @param isCrc whether the stamp is a CRC-32
 */
record NativeResource(String name, URL url, long size, long stamp, boolean isCrc) {
    private static final int CHUNK = 1 << 20;

    /** Looks at a resource without reading it. */
    static NativeResource at(String name, URL url) throws IOException {
        URLConnection connection = url.openConnection();
        // A cached jar would stay open behind the back of whoever replaces or closes it.
        connection.setUseCaches(false);
        if (connection instanceof JarURLConnection jarConnection) {
            try (JarFile jar = jarConnection.getJarFile()) {
                JarEntry entry = jar.getJarEntry(jarConnection.getEntryName());
                return new NativeResource(name, url, entry.getSize(), entry.getCrc(), true);
            }
        }
        // Asking a file's connection for its length opens it.
        try (InputStream _ = connection.getInputStream()) {
            return new NativeResource(
                    name,
                    url,
                    connection.getContentLengthLong(),
                    connection.getLastModified(),
                    false);
        }
    }

    /**
     * Writes the content to a new file.
     *
     * @param written hears how many bytes were written since it last heard
     */
    void copyTo(Path target, LongConsumer written) throws IOException {
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false);
        CRC32 crc = new CRC32();
        try (InputStream in = connection.getInputStream();
                OutputStream out = Files.newOutputStream(target)) {
            byte[] chunk = new byte[CHUNK];
            for (int n = in.readNBytes(chunk, 0, CHUNK);
                    n > 0;
                    n = in.readNBytes(chunk, 0, CHUNK)) {
                crc.update(chunk, 0, n);
                out.write(chunk, 0, n);
                written.accept(n);
            }
        }
        if (isCrc && crc.getValue() != stamp) {
            throw new IOException(
                    url + " is damaged: its checksum is not the one that its jar states");
        }
    }
}
