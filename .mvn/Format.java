import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/** Runs google-java-format on all sources but the generated ones: "check" or "write". */
final class Format {
    private Format() {}

    public static void main(String[] args) throws IOException {
        boolean write = args[0].equals("write");
        var arguments = new ArrayList<>(List.of("--aosp"));
        arguments.addAll(
                write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
        try (var files = Files.find(Path.of(""), 20, (file, _) -> isOurs(file.toString()))) {
            files.sorted().map(Path::toString).forEach(arguments::add);
        }
        int status =
                ToolProvider.findFirst("google-java-format")
                        .orElseThrow()
                        .run(System.out, System.err, arguments.toArray(String[]::new));
        if (status != 0 && !write) {
            System.err.println("not formatted; \"mvn -N -Pformat validate\" formats them");
        }
        System.exit(status);
    }

    private static boolean isOurs(String file) {
        return file.matches("[^/]+/src/.+\\.java") && !file.contains("/src/generated/");
    }
}
