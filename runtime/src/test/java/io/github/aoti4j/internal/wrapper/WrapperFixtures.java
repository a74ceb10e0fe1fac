package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.testing.Checkout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipFile;

/** Reads entries out of the committed packages. */
public final class WrapperFixtures {
    private WrapperFixtures() {}

    /** The wrapper source of a package. */
    public static WrapperSource source(String fixture) {
        var text = new String(entry(fixture, ".wrapper.cpp"), StandardCharsets.UTF_8);
        return WrapperSource.parse(text).orElseThrow();
    }

    /** The first entry of a package whose name ends so. */
    public static byte[] entry(String fixture, String suffix) {
        try (var zip = new ZipFile(path(fixture).toFile())) {
            var entry =
                    zip.stream()
                            .filter(e -> e.getName().endsWith(suffix))
                            .findFirst()
                            .orElseThrow();
            return zip.getInputStream(entry).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path path(String fixture) {
        return Checkout.fixtures().resolve(fixture).resolve(fixture + ".pt2");
    }
}
