package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.bindings.os.Environment;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An operator in C++ that takes numbers of any kind and has results of several types. It is
 * compiled with PyTorch's headers ({@code -Daoti.torch.include=DIR}), in some ten seconds.
 */
@NeedsLibTorch
class ScalarLibraryTest {
    private static final Fixture CUSTOM = Fixture.of("custom_scalars");

    @TempDir private Path folder;

    @Test
    void modelsCallIt() throws Exception {
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:ErrorFile=" + folder.resolve("hs_err.log"),
                                "-Daoti.libtorch=" + LibTorch.load().directory(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                InItsOwnProcess.class.getName(),
                                compile().toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, child.waitFor(), said);
    }

    /** What the test does, where the library may stay. */
    static final class InItsOwnProcess {
        private InItsOwnProcess() {}

        public static void main(String[] arguments) {
            ModelOptions options = ModelOptions.defaults().opLibrary(Path.of(arguments[0]));
            try (Model model = Model.load(CUSTOM.path(), options)) {
                assertRight(model);
                // It throws, and an int; another integer; a list too short and far too long; None.
                for (String how : List.of("throw", "other", "integer", "few", "many", "none")) {
                    assertFails(NativeException.class, how, model);
                }
                for (String how : List.of("shape", "dtype")) {
                    String message = assertFails(OperatorException.class, how, model);
                    assertTrue(message.contains("the model was compiled for"), message);
                }
            }
        }

        private static void assertRight(Model model) {
            try (Arena arena = Arena.ofConfined()) {
                for (String caseName : CUSTOM.cases()) {
                    var outputs = model.run(arena, CUSTOM.inputs(caseName, model, arena));
                    Golden.assertMatches(CUSTOM.outputs(caseName, arena), outputs);
                }
            }
        }

        private static String assertFails(
                Class<? extends RuntimeException> type, String how, Model model) {
            Environment.set("SCALAR_OPS", how);
            String message;
            try (Arena arena = Arena.ofConfined()) {
                var inputs = CUSTOM.inputs("rows5", model, arena);
                message = assertThrows(type, () -> model.run(arena, inputs), how).getMessage();
            }
            assertTrue(message.contains("demo::weigh"), message);
            Environment.remove("SCALAR_OPS");
            assertRight(model);
            return message;
        }
    }

    private Path compile() throws IOException, InterruptedException {
        String headers =
                System.getProperty("aoti.torch.include", System.getenv("AOTI_TORCH_INCLUDE"));
        assumeTrue(headers != null, "no PyTorch headers: set -Daoti.torch.include=DIR");
        Path include = Path.of(headers);
        requireSameVersion(include);
        Path library = folder.resolve("libscalar_ops.so");
        Path torch = LibTorch.load().directory();
        Process compiler;
        try {
            compiler =
                    new ProcessBuilder(
                                    "c++",
                                    "-std=c++20",
                                    "-shared",
                                    "-fPIC",
                                    "-I" + include,
                                    "-I" + include.resolve("torch/csrc/api/include"),
                                    "-o",
                                    library.toString(),
                                    "src/test/c/scalar_ops.cpp",
                                    "-L" + torch,
                                    "-l:libtorch_cpu.so",
                                    "-l:libc10.so",
                                    "-Wl,--allow-shlib-undefined")
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            assumeTrue(false, "no C++ compiler (c++) on the PATH: " + e.getMessage());
            throw e;
        }
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, compiler.waitFor(), said);
        return library;
    }

    /** Classes of C++ differ between the versions. */
    private static void requireSameVersion(Path include) throws IOException {
        String version = LibTorch.load().version();
        String minor = version.substring(version.indexOf('.') + 1, version.lastIndexOf('.'));
        Path header = include.resolve("torch/headeronly/version.h");
        assumeTrue(
                Files.exists(header)
                        && Files.readString(header).contains("TORCH_VERSION_MINOR " + minor + "\n"),
                "these headers are not those of libtorch " + version);
    }
}
