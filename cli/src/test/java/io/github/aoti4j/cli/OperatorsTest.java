package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.OperatorLibrary;
import io.github.aoti4j.Tensor;

import org.junit.jupiter.api.Test;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Models that call operators by name. */
class OperatorsTest {
    private static final Path FIXTURES = Path.of("../runtime/src/test/fixtures");

    private record Result(int status, String out, String err) {}

    private static Result aoti(String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Main.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Result(status, out.toString(), err.toString());
    }

    private static Result verify(String fixture, String caseName, String... options) {
        Path folder = FIXTURES.resolve(fixture);
        List<String> words =
                new ArrayList<>(
                        List.of(
                                "verify",
                                folder.resolve(fixture + ".pt2").toString(),
                                "--inputs",
                                folder.resolve(caseName + ".inputs.safetensors").toString(),
                                "--expect",
                                folder.resolve(caseName + ".outputs.safetensors").toString()));
        words.addAll(List.of(options));
        return aoti(words.toArray(String[]::new));
    }

    @Test
    void verifiesAModelThatCallsOperatorsOfPyTorch() {
        Result verified = verify("proxy_linalg", "random");
        assertEquals(0, verified.status, verified.err);
    }

    @Test
    void namesTheOperatorThatIsNotThere() {
        Result refused = verify("custom_int", "random");
        assertEquals(3, refused.status);
        assertTrue(refused.err.contains("demo::halves"), refused.err);
        assertTrue(refused.err.contains("--op-library"), refused.err);
    }

    @Test
    void namesTheLibraryThatIsNotThere() {
        Result refused = verify("custom_int", "random", "--op-library", "absent.so");
        assertEquals(3, refused.status);
        assertTrue(refused.err.contains("operator library absent.so"), refused.err);
    }

    @Test
    void verifiesAModelThatCallsOperatorsInJava() {
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    "demo::halves(Tensor x, int parts) -> (Tensor, int)",
                    call -> {
                        float[] x = call.tensor("x").toFloatArray();
                        for (int i = 0; i < x.length; i++) {
                            x[i] /= call.integer("parts");
                        }
                        return List.of(
                                Tensor.of(call.arena(), x, call.tensor("x").shape()),
                                call.integer("parts"));
                    });
            Result verified = verify("custom_int", "random");
            assertEquals(0, verified.status, verified.err);
        }
    }

    @Test
    void inspectListsTheOperators() {
        Path linalg = FIXTURES.resolve("proxy_linalg/proxy_linalg.pt2");
        Result inspected = aoti("inspect", linalg.toString());
        assertEquals(0, inspected.status, inspected.err);
        assertTrue(inspected.out.contains("aten::linalg_qr"), inspected.out);
    }
}
