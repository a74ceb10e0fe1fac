package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.OperatorLibrary;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Models that call operators by name. */
@NeedsLibTorch
class OperatorsTest {
    private static CommandResult verify(String fixture, String caseName, String... options) {
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
        return aoti(words.toArray());
    }

    @Test
    void verifiesAModelThatCallsOperatorsOfPyTorch() {
        CommandResult verified = verify("proxy_linalg", "random");
        assertEquals(0, verified.status(), verified.err());
    }

    @Test
    void namesTheOperatorThatIsNotThere() {
        CommandResult refused = verify("custom_int", "random");
        assertEquals(3, refused.status());
        assertTrue(refused.err().contains("demo::halves"), refused.err());
        assertTrue(refused.err().contains("--op-library"), refused.err());
    }

    @Test
    void namesTheLibraryThatIsNotThere() {
        CommandResult refused = verify("custom_int", "random", "--op-library", "absent.so");
        assertEquals(3, refused.status());
        assertTrue(refused.err().contains("operator library absent.so"), refused.err());
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
            CommandResult verified = verify("custom_int", "random");
            assertEquals(0, verified.status(), verified.err());
        }
    }

    @Test
    void inspectListsTheOperators() {
        Path linalg = FIXTURES.resolve("proxy_linalg/proxy_linalg.pt2");
        CommandResult inspected = aoti("inspect", linalg.toString());
        assertEquals(0, inspected.status(), inspected.err());
        assertTrue(inspected.out().contains("aten::linalg_qr"), inspected.out());
    }
}
