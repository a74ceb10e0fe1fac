package io.github.aoti4j.bindings.os;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What Linux tells about the memory of this process in {@code /proc/self/maps}. */
public final class ProcMaps {
    private static final Path MAPS = Path.of("/proc/self/maps");

    private ProcMaps() {}

    /** Returns the files of a given name that are mapped, each once. */
    public static List<Path> filesNamed(String name) throws IOException {
        // Any bytes may stand in a file's name: Latin 1 brings them through the parsing.
        try (Stream<String> lines = Files.lines(MAPS, StandardCharsets.ISO_8859_1)) {
            return filesNamed(name, lines);
        }
    }

    /** Lines are {@code range permissions offset device inode path[ (deleted)]}. */
    static List<Path> filesNamed(String name, Stream<String> lines) {
        return lines.map(line -> line.split(" +", 6))
                .filter(fields -> fields.length == 6 && fields[5].startsWith("/"))
                .map(fields -> fields[5].replaceFirst(" \\(deleted\\)$", ""))
                .distinct()
                .filter(path -> path.endsWith("/" + name))
                .map(path -> Path.of(decode(path)))
                .toList();
    }

    private static String decode(String latin1) {
        Charset fileNames = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), fileNames);
    }
}
