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
    private static final String RUNTIME = "libc10_cuda.so";
    private static final String TORCH_CUDA = "libtorch_cuda.so";

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

    /** Makes, beside them, a driver, a runtime and a libtorch for CUDA, and a model for it. */
    void buildCuda(Path folder) throws Exception {
        String hash = "-Wl,--hash-style=gnu";
        compile(
                "stub_cuda_driver.c",
                folder.resolve("libcuda.so.1"),
                List.of("-Wl,-soname,libcuda.so.1"));
        compile(
                "stub_cuda.c",
                folder.resolve(RUNTIME),
                List.of("-Wl,-soname," + RUNTIME, hash, "-L" + folder, "-l:" + TORCH));
        List<String> needs = List.of(hash, "-L" + folder, "-l:" + TORCH, "-l:" + RUNTIME);
        List<String> torch = new ArrayList<>(List.of("-Wl,-soname," + TORCH_CUDA));
        torch.addAll(needs);
        compile("stub_torch_cuda.c", folder.resolve(TORCH_CUDA), torch);
        List<String> model = new ArrayList<>(needs);
        model.add("-l:" + TORCH_CUDA);
        compile("stub_cuda_model.c", folder.resolve("cuda_model.so"), model);
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
