package io.github.aoti4j.bindings.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The files that processes have mapped, as {@code /proc/PID/maps} lists them. */
public final class ProcMaps {
    /** Of no process. */
    public static final ProcMaps NONE = new ProcMaps(Set.of());

    private static final Charset FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private static final String DELETED = " (deleted)";

    /** As the kernel spells them, in Latin 1. */
    private final Set<String> files;

    private ProcMaps(Set<String> files) {
        this.files = files;
    }

    /** Reads what this process has mapped. */
    public static ProcMaps ofThisProcess() throws IOException {
        Set<String> files = new LinkedHashSet<>();
        addFiles(Path.of("/proc/self/maps"), files);
        return new ProcMaps(files);
    }

    /**
     * Reads what all processes of this user have mapped, and of others those that this user may
     * look into; not those that another container hides.
     */
    public static ProcMaps ofAllProcesses() throws IOException {
        Set<String> files = new LinkedHashSet<>();
        try (DirectoryStream<Path> processes =
                Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                try {
                    addFiles(process.resolve("maps"), files);
                } catch (IOException | UncheckedIOException e) {
                    // It has ended, or is another user's.
                }
            }
        }
        return new ProcMaps(files);
    }

    private static void addFiles(Path maps, Set<String> files) throws IOException {
        // Any bytes may stand in a file's name: Latin 1 brings them through the parsing.
        try (Stream<String> lines = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
            addFiles(lines, files);
        }
    }

    private static void addFiles(Stream<String> lines, Set<String> files) {
        // range permissions offset device inode path[ (deleted)]
        lines.forEach(
                line -> {
                    int path = line.indexOf(" /") + 1;
                    if (path > 0) {
                        int end = line.length() - (line.endsWith(DELETED) ? DELETED.length() : 0);
                        files.add(line.substring(path, end));
                    }
                });
    }

    /** For tests. */
    static ProcMaps of(Stream<String> lines) {
        Set<String> files = new LinkedHashSet<>();
        addFiles(lines, files);
        return new ProcMaps(files);
    }

    /** Returns the files of a given name, each once. */
    public List<Path> filesNamed(String name) {
        return files.stream()
                .filter(path -> path.endsWith("/" + name))
                .map(path -> Path.of(decode(path)))
                .toList();
    }

    /** Returns whether a file directly in a folder is mapped. */
    public boolean areIn(Path folder) throws IOException {
        if (files.isEmpty()) {
            return false;
        }
        String prefix = encode(folder.toRealPath().toString()) + "/";
        return files.stream()
                .anyMatch(
                        file -> file.startsWith(prefix) && file.indexOf('/', prefix.length()) < 0);
    }

    private static String decode(String latin1) {
        return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), FILE_NAMES);
    }

    private static String encode(String path) {
        return new String(path.getBytes(FILE_NAMES), StandardCharsets.ISO_8859_1);
    }
}
