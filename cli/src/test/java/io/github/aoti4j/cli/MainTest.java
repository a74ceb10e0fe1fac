package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;
import static io.github.aoti4j.cli.CommandResult.fixture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class MainTest {
    @TempDir private Path folder;

    private static Path mlp(String file) {
        return fixture("mlp", file);
    }

    @Test
    @NeedsLibTorch
    void demoReadsDigits() {
        CommandResult demo = aoti("demo");
        assertEquals(0, demo.status(), demo.err());
        Matcher accuracy =
                Pattern.compile("accuracy: ([0-9.]+)% \\((\\d+) of (\\d+)\\)").matcher(demo.out());
        assertTrue(accuracy.find(), demo.out());
        assertEquals(360, Integer.parseInt(accuracy.group(3)));
        assertTrue(Double.parseDouble(accuracy.group(1)) >= 95, demo.out());
        assertTrue(demo.out().contains("engine: "), demo.out());
        assertTrue(demo.out().contains("µs for one image"), demo.out());
    }

    @Test
    @NeedsLibTorch
    void inspectShowsWhatIsInAPackage() {
        CommandResult inspect = aoti("inspect", mlp("mlp.pt2"));
        assertEquals(0, inspect.status(), inspect.out() + inspect.err());
        assertTrue(inspect.out().contains("1..1024, 10]"), inspect.out());
        assertTrue(inspect.out().contains("AOTI_CPU_ISA: AVX2"), inspect.out());
        assertFalse(inspect.out().contains("NO "), inspect.out());
    }

    @Test
    @NeedsLibTorch
    void inspectSumsUpConstantsAndListsThemIfTold() {
        CommandResult summary = aoti("inspect", fixture("weights_mlp", "blob.pt2"));
        assertEquals(0, summary.status(), summary.err());
        assertTrue(
                summary.out().contains("  constants: 7 (2.6 KiB); --constants lists them"),
                summary.out());
        assertTrue(
                summary.out().lines().anyMatch(s -> s.startsWith("    7 (2.6 KiB) in blob.pt2, ")),
                summary.out());
        assertFalse(summary.out().contains("encode.weight"), summary.out());

        CommandResult list = aoti("inspect", "--constants", fixture("weights_mlp", "blob.pt2"));
        assertTrue(
                list.out()
                        .contains(
                                "      encode.weight: float32 [16, 12], 768 B, Parameter, offset"
                                        + " 47424"),
                list.out());
        CommandResult files = aoti("inspect", "--constants", fixture("several", "all_disk.pt2"));
        assertTrue(
                files.out().contains("    3 (896 B) in all_disk.pt2, all_disk/data/weights"),
                files.out());
        assertTrue(
                files.out()
                        .contains(
                                "trunk.total: float32 [16], 64 B, Buffer, weight_2, offset"
                                        + " 1242944"),
                files.out());
        assertTrue(
                aoti("inspect", fixture("weights_mlp", "none.pt2"))
                        .out()
                        .contains("    7 (2.6 KiB) not in the package"));
        assertTrue(
                aoti("inspect", fixture("kwargs", "kwargs.pt2"))
                        .out()
                        .contains("  constants: none"));
    }

    @ParameterizedTest
    @CsvSource({
        "lookups, lookups",
        "proxy_linalg, proxy_linalg",
        "several, all_disk",
        "source_only, in_so",
        "weights_mlp, blob",
        "mlp, mlp"
    })
    void inspectPrintsShortLines(String folder, String name) {
        CommandResult inspect = aoti("inspect", "--constants", fixture(folder, name + ".pt2"));
        for (String line : inspect.out().lines().toList()) {
            // A single long word, such as the name of a kernel or a path, has a line of its own.
            assertTrue(line.length() <= 120 || line.strip().split(" ").length <= 2, line);
        }
    }

    @Test
    @NeedsLibTorch
    void inspectWritesJson() {
        JsonNode model = aoti("inspect", "--json", mlp("mlp.pt2")).json().path("models").path(0);
        assertEquals("model", model.path("name").asString());
        assertEquals("float32", model.path("inputs").path(0).path("dtype").asString());
        assertEquals(10, model.path("constants").path(0).path("shape").path(1).asInt());
        assertEquals(3, model.at("/constantsSummary/count").asInt());
        assertEquals(768, model.at("/constantsSummary/bytes").asInt());
        assertEquals(3, model.at("/constantsSummary/places/0/count").asInt());
        assertEquals(
                model.at("/constants/0/location"), model.at("/constantsSummary/places/0/place"));
        assertEquals(1, model.path("inputSpec").path(0).asInt());
        assertTrue(model.path("requirements").path(0).path("met").asBoolean());
    }

    @Test
    void inspectShowsWhichIndicesAreChecked() {
        CommandResult text = aoti("inspect", fixture("lookups", "lookups.pt2"));
        assertTrue(text.out().contains("used as indices: -50 to 49"), text.out());
        assertTrue(text.out().contains("indices that are not checked before a run"), text.out());
        assertTrue(text.out().contains("< 50L; otherwise the process ends"), text.out());
        CommandResult json = aoti("inspect", "--json", fixture("lookups", "lookups.pt2"));
        JsonNode model = new JsonMapper().readTree(json.out()).path("models").path(0);
        JsonNode range = model.path("inputs").path(0).path("valueRanges").path(0);
        assertEquals(-50, range.path("min").asInt());
        assertEquals(49, range.path("max").asInt());
        assertTrue(model.path("uncheckedIndices").path(0).path("endsProcess").asBoolean());
        assertFalse(model.path("uncheckedIndices").path(0).path("ofConstant").asBoolean());
    }

    @Test
    void inspectShowsHowAModelIsCalled() {
        CommandResult text = aoti("inspect", fixture("kwargs", "kwargs.pt2"));
        assertTrue(
                text.out()
                        .replaceAll("\\s+", " ")
                        .contains(
                                " forward(Tensor, [Tensor, Tensor], *, scale: Tensor, named:"
                                        + " {\"zeta\": Tensor, \"alpha\": Tensor}) -> {\"product\":"
                                        + " Tensor, \"rest\": Tensor}"),
                text.out());
        assertTrue(text.out().contains("3 kwargs.scale (arg3_1): float32 []"), text.out());
        assertTrue(text.out().contains("1 output[\"rest\"] (output1)"), text.out());

        CommandResult json = aoti("inspect", "--json", fixture("call_point", "call_point.pt2"));
        JsonNode model = new JsonMapper().readTree(json.out()).path("models").path(0);
        assertEquals("args[0].high", model.path("inputs").path(1).path("path").asString());
        JsonNode call = model.path("call");
        assertEquals("fixtures.Box", call.at("/args/elements/0/type").asString());
        assertEquals(1, call.at("/args/elements/0/fields/high/position").asInt());
        assertTrue(call.at("/args/elements/0/fields/label").isNull());
        assertEquals("named_tuple", call.at("/outputs/kind").asString());
        assertEquals(
                "forward(fixtures.Box(low: Tensor, high: Tensor, label: None)) ->"
                        + " fixtures.Point(Tensor, Tensor)",
                call.path("signature").asString());
    }

    @Test
    @NeedsLibTorch
    void inspectShowsModelsThatOnlyTakeFlatTensors() {
        Path opaque = fixture("call_opaque", "call_opaque.pt2");
        CommandResult text = aoti("inspect", opaque);
        assertEquals(0, text.status(), text.err());
        assertTrue(
                text.out().contains("by flat tensors only: the call spec of the inputs"),
                text.out());
        assertTrue(text.out().contains("0 arg0_1: float32 [2]"), text.out());

        CommandResult json = aoti("inspect", "--json", opaque);
        JsonNode call = new JsonMapper().readTree(json.out()).path("models").path(0).path("call");
        assertTrue(call.path("problem").asString().contains("fixtures.Opaque"), json.out());
    }

    @Test
    @NeedsLibTorch
    void runWritesOutputsThatVerifyAccepts() {
        Path outputs = folder.resolve("out.safetensors");
        CommandResult run =
                aoti(
                        "run",
                        mlp("mlp.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        outputs);
        assertEquals(0, run.status(), run.err());
        assertEquals("0: float32[8, 1]", run.out().strip());
        CommandResult verify =
                aoti(
                        "verify",
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--expect",
                        outputs,
                        mlp("mlp.pt2"));
        assertEquals(0, verify.status(), verify.out() + verify.err());
        assertTrue(verify.out().contains("max abs diff 0.00, max rel diff 0.00: ok"), verify.out());
    }

    /** Two outputs of the four are None. */
    @Test
    void outputsThatAreNoneAreLeftOut() {
        Path pkg = fixture("call_constants", "call_constants.pt2");
        Path inputs = folder.resolve("in.safetensors");
        Path outputs = folder.resolve("out.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            Tensor x = Tensor.of(arena, new float[] {1, 2}, 2);
            TensorFiles.write(inputs, List.of(x, x, x), arena);
        }
        CommandResult run = aoti("run", pkg, "--inputs", inputs, "--outputs", outputs);
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("1: None"), run.out());
        CommandResult verify = aoti("verify", pkg, "--inputs", inputs, "--expect", outputs);
        assertEquals(0, verify.status(), verify.out() + verify.err());
        assertTrue(verify.out().contains("1: None: ok"), verify.out());
        CommandResult differs = aoti("verify", pkg, "--inputs", inputs, "--expect", inputs);
        assertEquals(1, differs.status(), differs.out() + differs.err());
        assertTrue(differs.out().contains("1: is None, expected float32[2]"), differs.out());
    }

    @Test
    @NeedsLibTorch
    void verifyComparesWithWhatPyTorchGave() {
        CommandResult verify = verify("batch8", "batch8");
        assertEquals(0, verify.status(), verify.out() + verify.err());
        assertTrue(
                verify.out().endsWith("all outputs match" + System.lineSeparator()), verify.out());
    }

    @Test
    @NeedsLibTorch
    void verifySaysNoToOtherShapesAndValues() {
        CommandResult shape = verify("batch8", "batch1");
        assertEquals(1, shape.status(), shape.out() + shape.err());
        assertTrue(
                shape.out().contains("0: is float32[8, 1], expected float32[1, 1]"), shape.out());

        CommandResult values =
                aoti(
                        "verify",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--expect",
                        fixture("add_one", "ramp.inputs.safetensors"));
        assertEquals(1, values.status(), values.out() + values.err());
        assertTrue(values.out().contains("max abs diff 1.00"), values.out());
        assertTrue(values.out().contains("80 of 80 elements out of tolerance"), values.out());
    }

    @Test
    @NeedsLibTorch
    void verifyTakesTolerances() {
        CommandResult verify =
                aoti(
                        "verify",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--expect",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--atol",
                        "1");
        assertEquals(0, verify.status(), verify.out() + verify.err());
    }

    private static CommandResult verify(String inputs, String outputs) {
        return aoti(
                "verify",
                mlp("mlp.pt2"),
                "--inputs",
                mlp(inputs + ".inputs.safetensors"),
                "--expect",
                mlp(outputs + ".outputs.safetensors"));
    }

    @Test
    @NeedsLibTorch
    void weightsComeFromFilesOfAnyFormat() {
        for (String weights :
                new String[] {
                    "weights_other.safetensors",
                    "weights_other.pt",
                    "weights.safetensors.index.json"
                }) {
            String outputs = weights.contains("other") ? "batch3.other" : "batch3";
            CommandResult verify =
                    aoti(
                            "verify",
                            fixture("weights_mlp", "none.pt2"),
                            "--weights",
                            fixture("weights_mlp", weights),
                            "--paging",
                            "populate",
                            "--inputs",
                            fixture("weights_mlp", "batch3.inputs.safetensors"),
                            "--expect",
                            fixture("weights_mlp", outputs + ".outputs.safetensors"));
            assertEquals(0, verify.status(), verify.out() + verify.err());
        }
    }

    @Test
    @NeedsLibTorch
    void weightsThatTheModelDoesNotHaveAreRefusedUnlessAllowed() {
        String[] words = {
            "verify",
            fixture("weights_mlp", "in_so.pt2").toString(),
            "--weights",
            fixture("weights_mlp", "weights_other.safetensors").toString(),
            "--weights",
            fixture("tied", "weights.safetensors").toString(),
            "--inputs",
            fixture("weights_mlp", "batch3.inputs.safetensors").toString(),
            "--expect",
            fixture("weights_mlp", "batch3.other.outputs.safetensors").toString(),
            "--allow-unknown"
        };
        CommandResult allowed = aoti((Object[]) words);
        assertEquals(0, allowed.status(), allowed.err());
        CommandResult refused = aoti((Object[]) Arrays.copyOf(words, words.length - 1));
        assertEquals(3, refused.status(), refused.err());
        assertTrue(refused.err().contains("embed.weight (float32 [12, 16])"), refused.err());
        assertTrue(refused.err().contains("--allow-unknown"), refused.err());
    }

    @Test
    @NeedsLibTorch
    void weightsThatAreMissingAreListed() {
        CommandResult run =
                aoti(
                        "run",
                        fixture("weights_mlp", "none.pt2"),
                        "--inputs",
                        fixture("weights_mlp", "batch3.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        assertEquals(3, run.status());
        assertTrue(run.err().contains("missing: "), run.err());
    }

    @Test
    @NeedsLibTorch
    void inputsThatDoNotFitAreExplained() {
        CommandResult run =
                aoti(
                        "run",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        // The one is [8, 10] as well; the other has another number of inputs.
        assertEquals(0, run.status(), run.err());
        CommandResult kwargs =
                aoti(
                        "run",
                        fixture("kwargs", "kwargs.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        assertEquals(3, kwargs.status());
        assertTrue(kwargs.err().startsWith("aoti: model model takes 6 inputs"), kwargs.err());
    }

    @Test
    void filesThatCannotBeUsedAreNamed() throws IOException {
        Path missing = folder.resolve("missing.pt2");
        CommandResult inspect = aoti("inspect", missing);
        assertEquals(3, inspect.status());
        assertTrue(inspect.err().startsWith("aoti: " + missing), inspect.err());
        assertEquals("", inspect.out());

        Path text = Files.writeString(folder.resolve("text.pt2"), "not a package");
        assertEquals(3, aoti("inspect", text).status());
        assertEquals(3, aoti("inspect", folder).status());
    }

    @Test
    @NeedsLibTorch
    void unwritableOutputsAreExplained() {
        Path nowhere = folder.resolve("no/such/folder/out.safetensors");
        CommandResult run =
                aoti(
                        "run",
                        mlp("mlp.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        nowhere);
        assertEquals(3, run.status());
        assertTrue(run.err().startsWith("aoti: "), run.err());
        assertTrue(run.err().contains("out.safetensors"), run.err());
    }

    @Test
    void outputsNeverReplaceWhatIsRead() throws IOException {
        Path inputs = folder.resolve("in.safetensors");
        Files.copy(mlp("batch8.inputs.safetensors"), inputs);
        Path again = Files.createSymbolicLink(folder.resolve("out.safetensors"), inputs);
        byte[] before = Files.readAllBytes(inputs);
        CommandResult run = aoti("run", mlp("mlp.pt2"), "--inputs", inputs, "--outputs", again);
        assertEquals(2, run.status(), run.err());
        assertTrue(run.err().contains("which is read"), run.err());
        assertArrayEquals(before, Files.readAllBytes(inputs));
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "-1", "Infinity", "x"})
    void tolerancesUnderWhichAllOrNothingMatchesAreWrongUsage(String tolerance) {
        Path ramp = fixture("add_one", "ramp.inputs.safetensors");
        for (String option : List.of("--atol", "--rtol")) {
            CommandResult verify =
                    aoti(
                            "verify",
                            fixture("add_one", "add_one.pt2"),
                            "--inputs",
                            ramp,
                            "--expect",
                            ramp,
                            option,
                            tolerance);
            assertEquals(2, verify.status(), verify.out() + verify.err());
        }
    }

    @Test
    void wrongUsageIsExplainedInFewLines() {
        CommandResult empty = aoti("inspect", "");
        assertEquals(2, empty.status());
        assertTrue(empty.err().startsWith("aoti: "), empty.err());
        assertTrue(empty.err().contains("the path is empty"), empty.err());
        assertTrue(empty.err().contains("Try 'aoti inspect --help'."), empty.err());
        assertTrue(empty.err().lines().count() < 6, empty.err());
    }

    @Test
    void devicesThatDoNotExistAreWrongUsage() {
        CommandResult run = aoti("run", mlp("mlp.pt2"), "--device", "moon");
        assertEquals(2, run.status(), run.err());
        assertTrue(run.err().contains("moon"), run.err());
    }

    @Test
    void wrongUsageIsToldFromFailure() {
        assertEquals(2, aoti().status());
        assertEquals(2, aoti("fly").status());
        assertEquals(2, aoti("inspect").status());
        assertEquals(2, aoti("run", "x.pt2").status());
        assertEquals(2, aoti("verify", "x.pt2", "--inputs").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "inspect", "run", "verify", "bench"})
    void everyCommandHasHelp(String command) {
        CommandResult help = aoti(command, "--help");
        assertEquals(0, help.status());
        assertTrue(help.out().startsWith("Usage: aoti " + command), help.out());
        assertTrue(aoti("--help").out().contains(command), "listed");
        assertEquals(help.out(), aoti("help", command).out());
    }

    @Test
    void versionIsPrinted() {
        CommandResult version = aoti("--version");
        assertEquals(0, version.status());
        assertTrue(version.out().startsWith("aoti4j "), version.out());
    }

    @Test
    @NeedsLibTorch
    void everyFixtureVerifies() throws IOException {
        int verified = 0;
        try (var files =
                Files.find(FIXTURES, 2, (p, a) -> p.toString().endsWith(".inputs.safetensors"))) {
            for (Path inputs : files.sorted().toList()) {
                Path parent = inputs.getParent();
                Path pkg = parent.resolve(parent.getFileName() + ".pt2");
                Path expect = Path.of(inputs.toString().replace(".inputs.", ".outputs."));
                if (Files.exists(pkg) && Files.exists(expect)) {
                    CommandResult verify =
                            aoti("verify", pkg, "--inputs", inputs, "--expect", expect);
                    if (parent.getFileName().toString().startsWith("custom_")) {
                        // Their operators are the tests' own, and this process has not got them.
                        assertEquals(3, verify.status(), pkg + ": " + verify.out() + verify.err());
                        assertTrue(verify.err().contains("demo::"), verify.err());
                        continue;
                    }
                    assertEquals(0, verify.status(), pkg + ": " + verify.out() + verify.err());
                    verified++;
                }
            }
        }
        assertTrue(verified >= 20, "fixtures are missing from the checkout");
    }
}
