package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.bindings.os.Environment;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
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

/** Libraries that bring operators: each in a process of its own, since they stay. */
@NeedsLibTorch
class NativeOperatorsTest {
    private static final Fixture SCALE_ADD = Fixture.of("custom_scale_add");

    @TempDir private Path folder;

    @Test
    void modelsCallTheOperatorsOfALibrary() throws Exception {
        Path library = compile();
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:ErrorFile=" + folder.resolve("hs_err.log"),
                                "-Daoti.libtorch=" + LibTorch.load().directory(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                InItsOwnProcess.class.getName(),
                                library.toString())
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
            try (Model model = Model.load(SCALE_ADD.path(), options);
                    Arena arena = Arena.ofConfined()) {
                for (String caseName : SCALE_ADD.cases()) {
                    var outputs = model.run(arena, SCALE_ADD.inputs(caseName, model, arena));
                    Golden.assertMatches(SCALE_ADD.outputs(caseName, arena), outputs);
                }
                refusesWrongResults(model, arena);
            }
            // Opened once, however often it is named.
            Model.load(SCALE_ADD.path(), options).close();

            givesResultsOfSeveralTypes(options);

            try (OperatorLibrary operators = OperatorLibrary.create()) {
                String taken =
                        assertThrows(
                                        OperatorException.class,
                                        () ->
                                                operators.register(
                                                        DemoOperators.SCALE_ADD, _ -> null))
                                .getMessage();
                assertTrue(taken.contains("exists already"), taken);
                assertTrue(taken.contains("native_ops.c"), taken);
                // The namespace may have operators of several libraries.
                operators.register("demo::another(Tensor x) -> Tensor", call -> call.tensor("x"));
            }
        }
    }

    private static void refusesWrongResults(Model model, Arena arena) {
        List<Tensor> inputs = SCALE_ADD.inputs("rows7", model, arena);
        for (String how : List.of("shape", "type", "undefined")) {
            Environment.set("NATIVE_OPS_RESULT", how);
            String message =
                    assertThrows(OperatorException.class, () -> model.run(arena, inputs))
                            .getMessage();
            assertTrue(
                    message.startsWith("result 0 of operator demo::scale_add is ")
                            && message.contains("the model was compiled for float32 [7, 12]"),
                    message);
        }
        // Strides that the model was not compiled for.
        Environment.set("NATIVE_OPS_RESULT", "turned");
        Golden.assertMatches(SCALE_ADD.outputs("rows7", arena), model.run(arena, inputs));
        Environment.remove("NATIVE_OPS_RESULT");
    }

    private static void givesResultsOfSeveralTypes(ModelOptions options) {
        Fixture halves = Fixture.of("custom_int");
        try (Model model = Model.load(halves.path(), options);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = halves.inputs("random", model, arena);
            Golden.assertMatches(halves.outputs("random", arena), model.run(arena, inputs));
            Environment.set("NATIVE_OPS_RESULT", "other");
            assertThrows(NativeException.class, () -> model.run(arena, inputs));
            Environment.remove("NATIVE_OPS_RESULT");
            Golden.assertMatches(halves.outputs("random", arena), model.run(arena, inputs));
        }
    }

    @Test
    void refusesALibraryThatIsNotThere() {
        Path absent = folder.resolve("absent.so");
        ModelOptions options = ModelOptions.defaults().opLibrary(absent);
        String message =
                assertThrows(AotiException.class, () -> Model.load(SCALE_ADD.path(), options))
                        .getMessage();
        assertTrue(message.contains(absent.toString()), message);
    }

    @Test
    void refusesWhatIsNoLibrary() throws IOException {
        Path text = Files.writeString(folder.resolve("text.so"), "no library at all");
        ModelOptions options = ModelOptions.defaults().opLibrary(text);
        String message =
                assertThrows(
                                IncompatibleModelException.class,
                                () -> Model.load(SCALE_ADD.path(), options))
                        .getMessage();
        assertTrue(message.contains(text.toString()), message);
    }

    private Path compile() throws IOException, InterruptedException {
        Path library = folder.resolve("libnative_ops.so");
        Path torch = LibTorch.load().directory();
        Process compiler;
        try {
            compiler =
                    new ProcessBuilder(
                                    List.of(
                                            "cc",
                                            "-std=c11",
                                            "-shared",
                                            "-fPIC",
                                            "-I../headers",
                                            "-o",
                                            library.toString(),
                                            "src/test/c/native_ops.c",
                                            "-L" + torch,
                                            "-l:libtorch_cpu.so",
                                            "-Wl,--allow-shlib-undefined"))
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            assumeTrue(false, "no C compiler (cc) on the PATH: " + e.getMessage());
            throw e;
        }
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, compiler.waitFor(), said);
        return library;
    }
}
