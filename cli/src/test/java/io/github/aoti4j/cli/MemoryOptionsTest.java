package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;

/** The estimate of {@code aoti inspect}, and {@code --memory-limit}. */
@NeedsLibTorch
class MemoryOptionsTest {
    private static Path fixture(String name) {
        return FIXTURES.resolve(name).resolve(name + ".pt2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "text | weights: 11.4 KiB private, 0 B mapped",
                "text | a run at the largest inputs: 388.0 KiB, of which outputs 96 B; inputs 8.0"
                        + " KiB",
                "data_dependent | a run at the largest inputs: unknown, of which outputs unknown;"
                        + " inputs 96 B"
            })
    void inspectEstimates(String name, String line) {
        String out = aoti("inspect", fixture(name)).out();
        assertTrue(out.lines().anyMatch(each -> each.strip().equals(line)), out);
    }

    @Test
    void inspectEstimatesInJson() {
        JsonNode blob =
                aoti("inspect", "--json", FIXTURES.resolve("weights_mlp/blob.pt2"))
                        .json()
                        .at("/models/0/memory");
        assertEquals(0, blob.path("privateWeights").asLong());
        assertEquals(2648, blob.path("mappedWeights").asLong());
        JsonNode mlp = aoti("inspect", "--json", fixture("mlp")).json().at("/models/0/memory");
        assertEquals(768, mlp.path("privateWeights").asLong());
        assertEquals(40960, mlp.path("inputBytes").asLong());
        assertEquals(69636, mlp.path("runBytes").asLong());
        assertEquals(768 + 69636, mlp.path("privateBytes").asLong());
        assertTrue(mlp.path("constantsKnown").asBoolean());
        JsonNode unknown =
                aoti("inspect", "--json", fixture("data_dependent")).json().at("/models/0/memory");
        assertTrue(unknown.path("runBytes").isNull());
    }

    @ParameterizedTest
    @CsvSource({
        "767, 3",
        "768, 0",
        "1k, 0",
        "2GiB, 0",
        "-1, 2",
        "much, 2",
        "99999999999999999g, 2"
    })
    void theLimitIsKept(String limit, int status) {
        Path folder = FIXTURES.resolve("mlp");
        CommandResult verify =
                aoti(
                        "verify",
                        fixture("mlp"),
                        "--engine",
                        "libtorch",
                        "--inputs",
                        folder.resolve("batch8.inputs.safetensors"),
                        "--expect",
                        folder.resolve("batch8.outputs.safetensors"),
                        "--memory-limit=" + limit);
        assertEquals(status, verify.status(), verify.out() + verify.err());
        if (status == 3) {
            String message = "needs 768 bytes of private memory";
            assertTrue(verify.err().contains(message), verify.err());
            assertTrue(verify.err().contains("the memory limit is 767"), verify.err());
        }
    }
}
