package io.github.aoti4j.internal.load;

import io.github.aoti4j.core.PackageException;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** Compares a package's SHA-256 with the one that it should have. */
public final class Sha256Pin {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    private Sha256Pin() {}

    /** Returns the digest in the form in which it is compared. */
    public static String parse(String hex) {
        String digest = hex.toLowerCase(Locale.ROOT);
        if (!HEX.matcher(digest).matches()) {
            throw new IllegalArgumentException(
                    "a SHA-256 is 64 hexadecimal digits, as sha256sum prints it, but this is \""
                            + hex
                            + "\""
                            + (hex.length() == 64
                                    ? ""
                                    : " (%d characters)".formatted(hex.length())));
        }
        return digest;
    }

    public static void require(Path path, String expected, String actual) {
        if (!expected.equals(actual)) {
            throw new PackageException(
                    path,
                    "this is not the package that it should be: its SHA-256 is %s, and %s is expected; nothing of it was loaded"
                            .formatted(actual, expected));
        }
    }

    public static PackageException ofFolder(Path path) {
        return new PackageException(
                path,
                "this is a folder, and a SHA-256 is of one file; give the .pt2 file, or load the"
                        + " folder without a pin");
    }
}
