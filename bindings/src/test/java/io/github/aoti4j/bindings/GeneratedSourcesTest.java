package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.testing.Checkout;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Headers and generated sources are those that {@code headers/generate} left behind. */
class GeneratedSourcesTest {
    private static final String MANIFEST = "headers/checksums.sha256";
    private static final String GENERATED = "bindings/src/generated/java";

    @TempDir Path tree;

    @Test
    void bindingsComeFromTheHeaders() throws IOException {
        var root = Checkout.root();

        assertTrue(manifest(root).size() > 50, "the manifest lists next to nothing");
        assertEquals(List.of(), drift(root), "run headers/generate and commit the result");
    }

    @Test
    void namesAHeaderEditedWithoutRegenerating() throws IOException {
        plantTree();
        Files.writeString(tree.resolve("headers/a.h"), "long f(void);\n");

        assertEquals(List.of("headers/a.h was edited"), drift(tree));
    }

    @Test
    void namesAGeneratedFileEditedByHand() throws IOException {
        plantTree();
        Files.writeString(tree.resolve(GENERATED + "/p/A.java"), "class A { int i; }\n");

        assertEquals(List.of(GENERATED + "/p/A.java was edited"), drift(tree));
    }

    @Test
    void namesFilesThatAreMissingOrNotListed() throws IOException {
        plantTree();
        Files.move(tree.resolve("headers/a.h"), tree.resolve("headers/b.h"));

        assertEquals(List.of("headers/a.h is missing", "headers/b.h is not listed"), drift(tree));
    }

    /** A header, a generated file, and a manifest that lists them rightly. */
    private void plantTree() throws IOException {
        var lines = new StringBuilder();
        for (var file :
                Map.of("headers/a.h", "int f(void);\n", GENERATED + "/p/A.java", "class A {}\n")
                        .entrySet()) {
            var path = tree.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
            lines.append(sha256(path)).append("  ").append(file.getKey()).append('\n');
        }
        Files.writeString(tree.resolve(MANIFEST), lines);
        assertEquals(List.of(), drift(tree));
    }

    /** What differs between the manifest and the files, a line for each file, sorted by path. */
    private static List<String> drift(Path root) throws IOException {
        var listed = manifest(root);
        var paths = new TreeSet<>(listed.keySet());
        paths.addAll(files(root, "headers", ".h"));
        paths.addAll(files(root, GENERATED, ""));
        var drift = new ArrayList<String>();
        for (var path : paths) {
            var file = root.resolve(path);
            if (!listed.containsKey(path)) {
                drift.add(path + " is not listed");
            } else if (!Files.exists(file)) {
                drift.add(path + " is missing");
            } else if (!listed.get(path).equals(sha256(file))) {
                drift.add(path + " was edited");
            }
        }
        return drift;
    }

    /** Checksums by path, which is relative to the root. */
    private static Map<String, String> manifest(Path root) throws IOException {
        var checksums = new TreeMap<String, String>();
        for (var line : Files.readAllLines(root.resolve(MANIFEST), UTF_8)) {
            var columns = line.split(" {2}", 2);
            checksums.put(columns[1], columns[0]);
        }
        return checksums;
    }

    private static List<String> files(Path root, String folder, String suffix) throws IOException {
        try (var walk = Files.walk(root.resolve(folder))) {
            return walk.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .filter(path -> path.endsWith(suffix))
                    .toList();
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JVM has SHA-256", e);
        }
    }
}
