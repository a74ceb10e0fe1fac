package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Compiles the stubs in {@code src/test/c}. */
final class StubLibraries {
    private static final String TORCH = "libtorch_cpu.so";

    /** Models by what is defined when they are compiled. */
    private static final Map<String, String> MODELS =
            Map.of(
                    "model", "STUB_ADDEND=1",
                    "adds_two", "STUB_ADDEND=2",
                    "without_counts", "STUB_WITHOUT_COUNTS",
                    "without_single_threaded", "STUB_WITHOUT_SINGLE_THREADED",
                    "without_last_error", "STUB_WITHOUT_LAST_ERROR",
                    "without_extract", "STUB_WITHOUT_EXTRACT",
                    "needs_future", "STUB_NEEDS_FUTURE");

    private final Path compiler;
    private final Path sources = Path.of("src/test/c").toAbsolutePath();
    private final Path headers = Path.of("../headers").toAbsolutePath().normalize();

    private StubLibraries(Path compiler) {
        this.compiler = compiler;
    }

    /** Finds a C compiler; empty without one. */
    static Optional<StubLibraries> withCompiler() {
        return Stream.of("gcc", "cc", "clang")
                .flatMap(StubLibraries::onPath)
                .findFirst()
                .map(StubLibraries::new);
    }

    private static Stream<Path> onPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable);
    }

    /** Makes a libtorch and all models in a folder. */
    void build(Path folder, String... torchDefinitions) throws Exception {
        List<String> torch = new ArrayList<>(List.of("-Wl,-soname," + TORCH));
        // What looks symbols up before loading reads the GNU table.
        torch.add("-Wl,--hash-style=gnu");
        Arrays.stream(torchDefinitions).map(definition -> "-D" + definition).forEach(torch::add);
        compile("stub_torch.c", folder.resolve(TORCH), torch);
        for (var model : MODELS.entrySet()) {
            compile(
                    "stub_model.c",
                    folder.resolve(model.getKey() + ".so"),
                    List.of("-D" + model.getValue(), "-L" + folder, "-l:" + TORCH));
        }
    }

    private void compile(String source, Path library, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(compiler.toString(), "-std=c11", "-O1"));
        command.addAll(List.of("-g", "-shared", "-fPIC", "-I" + headers));
        command.addAll(List.of("-o", library.toString(), sources.resolve(source).toString()));
        command.addAll(options);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + "\n" + said);
    }
}
