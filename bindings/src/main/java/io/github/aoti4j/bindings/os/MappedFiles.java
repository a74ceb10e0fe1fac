package io.github.aoti4j.bindings.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files that processes have mapped: all processes of this user, and whose else this user may
 * look into; not those that another container hides.
 */
public final class MappedFiles {
    public static final MappedFiles NONE = new MappedFiles(Set.of());

    private static final Charset FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final Set<String> folders;

    private MappedFiles(Set<String> folders) {
        this.folders = folders;
    }

    public static MappedFiles read() throws IOException {
        Set<String> folders = new HashSet<>();
        try (DirectoryStream<Path> processes =
                Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                // Any bytes may stand in a file's name: Latin 1 brings them through.
                try (Stream<String> lines =
                        Files.lines(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
                    lines.forEach(line -> addFolder(line, folders));
                } catch (IOException | UncheckedIOException e) {
                    // It has ended, or is another user's.
                }
            }
        }
        return new MappedFiles(folders);
    }

    /** Lines are {@code range permissions offset device inode path}. */
    private static void addFolder(String line, Set<String> folders) {
        int path = line.indexOf('/');
        int name = line.lastIndexOf('/');
        if (path >= 0 && name > path) {
            byte[] folder = line.substring(path, name).getBytes(StandardCharsets.ISO_8859_1);
            folders.add(new String(folder, FILE_NAMES));
        }
    }

    /** Tells whether a file in a folder is mapped. */
    public boolean areBelow(Path folder) throws IOException {
        return !folders.isEmpty() && folders.contains(folder.toRealPath().toString());
    }
}
