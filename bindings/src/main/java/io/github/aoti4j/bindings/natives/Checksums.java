package io.github.aoti4j.bindings.natives;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A file of SHA-256 checksums, as {@code sha256sum} writes it. */
final class Checksums {
    static final String FILE = "SHA256SUMS";

    private Checksums() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("each JDK has it", e);
        }
    }

    /**
     * Returns the checksum of a file, in hexadecimal.
     *
     * @throws IOException if it is not listed
     */
    static String of(String name, URL checksums) throws IOException {
        try (var lines =
                new BufferedReader(
                        new InputStreamReader(
                                NativeResource.connect(checksums).getInputStream(),
                                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.endsWith("  " + name)) {
                    return line.substring(0, line.length() - name.length() - 2);
                }
            }
        }
        throw new IOException(checksums + " does not list " + name);
    }
}
