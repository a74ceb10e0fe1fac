package io.github.aoti4j.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.function.Predicate;
import java.util.zip.ZipFile;

/** Unpacks packages, as {@code unzip} does. */
public final class Unpacked {
    private Unpacked() {}

    public static Path into(Path folder, Path zip) throws IOException {
        return into(folder, zip, _ -> true);
    }

    /** Only entries whose names pass. */
    public static Path into(Path folder, Path zip, Predicate<String> wanted) throws IOException {
        try (var in = new ZipFile(zip.toFile())) {
            for (var entry : Collections.list(in.entries())) {
                if (wanted.test(entry.getName())) {
                    Path file = folder.resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    Files.write(file, in.getInputStream(entry).readAllBytes());
                }
            }
        }
        return folder;
    }
}
