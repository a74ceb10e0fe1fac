import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * Runs google-java-format on all sources but the generated ones: "check" or "write". Sources older
 * than the last success are left out, unless the pom, which names the formatter's version, is
 * newer.
 */
final class Format {
    private static final Path SUCCESS = Path.of("target", "formatted");

    private Format() {}

    public static void main(String[] args) throws IOException {
        boolean write = args[0].equals("write");
        var start = FileTime.from(Instant.now());
        var arguments = new ArrayList<>(List.of("--aosp"));
        arguments.addAll(
                write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
        int options = arguments.size();
        FileTime since = lastSuccess();
        try (var files =
                Files.find(
                        Path.of(""),
                        Integer.MAX_VALUE,
                        (file, is) ->
                                isOurs(file.toString())
                                        && is.lastModifiedTime().compareTo(since) >= 0)) {
            files.sorted().map(Path::toString).forEach(arguments::add);
        }
        if (arguments.size() == options) {
            return; // with no file the formatter ends with its usage
        }
        int status =
                ToolProvider.findFirst("google-java-format")
                        .orElseThrow()
                        .run(System.out, System.err, arguments.toArray(String[]::new));
        if (status == 0) {
            Files.createDirectories(SUCCESS.getParent());
            Files.write(SUCCESS, new byte[0]);
            Files.setLastModifiedTime(SUCCESS, start);
        } else if (!write) {
            System.err.println("not formatted; \"mvn -N -Pformat validate\" formats them");
        }
        System.exit(status);
    }

    private static boolean isOurs(String file) {
        return file.matches("([^/]+/)+src/.+\\.java|\\.mvn/\\w+\\.java")
                && !file.contains("/src/generated/")
                && !file.contains("target/");
    }

    private static FileTime lastSuccess() throws IOException {
        FileTime pom = Files.getLastModifiedTime(Path.of("pom.xml"));
        FileTime success =
                Files.exists(SUCCESS) ? Files.getLastModifiedTime(SUCCESS) : FileTime.fromMillis(0);
        return success.compareTo(pom) < 0 ? FileTime.fromMillis(0) : success;
    }
}
