package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.testing.TestFiles;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * An unpacked package of files, folders and links as some bytes say. Whatever they are, nothing is
 * made outside the folder; links may lead out of it.
 */
public final class FuzzedFolder {
    private static final List<String> SEGMENTS =
            List.of(
                    "p",
                    "data",
                    "aotinductor",
                    "m",
                    "weights",
                    "weight_0",
                    "weight_1",
                    "w.wrapper.so",
                    "w.wrapper.cpp",
                    "w.wrapper_metadata.json",
                    "weights_config.json",
                    "archive_format",
                    "version",
                    "a\nb",
                    "..",
                    "/etc");

    private static final int FIRST_FOR_LINKS = SEGMENTS.indexOf("..");

    /** How many things are made: links to one another can make many of them. */
    private static final int MAX_STEPS = 40;

    private static final int MAX_DEPTH = 8;

    private final Path root;
    private final byte[] script;
    private int at;

    private FuzzedFolder(Path root, byte[] script) {
        this.root = root;
        this.script = script;
    }

    public static void make(Path root, byte[] script) throws IOException {
        remove(root);
        Files.createDirectories(root);
        new FuzzedFolder(root, script).make();
    }

    private void make() throws IOException {
        for (int i = 0; i < MAX_STEPS && at < script.length; i++) {
            int what = next();
            Path path = path();
            if (path.equals(root)
                    || path.getNameCount() > root.getNameCount() + MAX_DEPTH
                    || Files.exists(path)
                    || Files.isSymbolicLink(path)) {
                continue;
            }
            if (!makeFolder(path.getParent())) {
                continue;
            }
            switch (what % 4) {
                case 0 -> Files.createDirectory(path);
                case 1 -> Files.createSymbolicLink(path, target());
                case 2 -> Files.write(path, content());
                default -> Files.write(path, new byte[] {'p', 't', '2'});
            }
        }
    }

    /** Where a link leads. */
    private Path target() {
        Path target = Path.of(".");
        for (int segment = next(); segment != 0; segment = next()) {
            target = target.resolve(SEGMENTS.get((segment - 1) % SEGMENTS.size()));
        }
        return target;
    }

    /** Makes folders, but none through a link, which may lead anywhere. */
    private boolean makeFolder(Path folder) throws IOException {
        if (folder.equals(root)) {
            return true;
        }
        if (!makeFolder(folder.getParent()) || Files.isSymbolicLink(folder)) {
            return false;
        }
        if (!Files.exists(folder)) {
            Files.createDirectory(folder);
        }
        return Files.isDirectory(folder);
    }

    private int next() {
        return at < script.length ? Byte.toUnsignedInt(script[at++]) : 0;
    }

    /** A path in the folder; a zero ends it. */
    private Path path() {
        Path path = root;
        for (int segment = next(); segment != 0; segment = next()) {
            path = path.resolve(SEGMENTS.get((segment - 1) % FIRST_FOR_LINKS));
        }
        return path;
    }

    private byte[] content() {
        return switch (next() % 4) {
            case 0 -> TestFiles.WEIGHTS_CONFIG.getBytes(UTF_8);
            case 1 -> TestFiles.weight("FloatStorage", 6, TestFiles.floats(6));
            case 2 -> new byte[0];
            default -> "{}".getBytes(UTF_8);
        };
    }

    public static void remove(Path root) throws IOException {
        if (Files.exists(root)) {
            try (var files = Files.walk(root)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** A package with its root folder and one without, whose models are reached by a link. */
    public static List<byte[]> seeds() {
        return List.of(
                new Script("p/")
                        .file(3, "archive_format")
                        .file(2, "data/aotinductor/m/weights_config.json")
                        .with(0)
                        .file(2, "data/aotinductor/m/w.wrapper_metadata.json")
                        .with(3)
                        .file(2, "data/weights/weight_0")
                        .with(1)
                        .file(2, "data/weights/weight_1")
                        .with(1)
                        .file(3, "data/aotinductor/m/w.wrapper.so")
                        .bytes(),
                new Script("")
                        .file(3, "p/w.wrapper.so")
                        .file(1, "data/aotinductor/m")
                        .path("p")
                        .file(2, "p/w.wrapper.cpp")
                        .with(2)
                        .bytes());
    }

    /** Writes what the other half reads. */
    private record Script(String prefix, ByteArrayOutputStream out) {
        Script(String prefix) {
            this(prefix, new ByteArrayOutputStream());
        }

        Script file(int what, String path) {
            return with(what).path(prefix + path);
        }

        Script path(String path) {
            for (String segment : path.split("/", -1)) {
                out.write(SEGMENTS.indexOf(segment) + 1);
            }
            return with(0);
        }

        Script with(int value) {
            out.write(value);
            return this;
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
