package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class MainTest {
    private static final Path FIXTURES = Path.of("../runtime/src/test/fixtures");

    @TempDir private Path folder;

    private record Result(int status, String out, String err) {}

    private static Result aoti(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = new String[args.length];
        for (int i = 0; i < args.length; i++) {
            words[i] = args[i].toString();
        }
        int status = Main.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Result(status, out.toString(), err.toString());
    }

    private static Path fixture(String name, String file) {
        return FIXTURES.resolve(name).resolve(file);
    }

    private static Path mlp(String file) {
        return fixture("mlp", file);
    }

    @Test
    void demoReadsDigits() {
        Result demo = aoti("demo");
        assertEquals(0, demo.status, demo.err);
        Matcher accuracy =
                Pattern.compile("accuracy: ([0-9.]+)% \\((\\d+) of (\\d+)\\)").matcher(demo.out);
        assertTrue(accuracy.find(), demo.out);
        assertEquals(360, Integer.parseInt(accuracy.group(3)));
        assertTrue(Double.parseDouble(accuracy.group(1)) >= 95, demo.out);
        assertTrue(demo.out.contains("libtorch: "), demo.out);
        assertTrue(demo.out.contains("µs for one image"), demo.out);
    }

    @Test
    void inspectShowsWhatIsInAPackage() {
        Result inspect = aoti("inspect", mlp("mlp.pt2"));
        assertEquals(0, inspect.status, inspect.out + inspect.err);
        assertTrue(inspect.out.contains("1..1024, 10]"), inspect.out);
        assertTrue(inspect.out.contains("0.weight: float32 [16, 10], Unknown, 640 B"), inspect.out);
        assertTrue(inspect.out.contains("AOTI_CPU_ISA: AVX2"), inspect.out);
        assertFalse(inspect.out.contains("NO "), inspect.out);
    }

    @Test
    void inspectWritesJson() {
        Result inspect = aoti("inspect", "--json", mlp("mlp.pt2"));
        assertEquals(0, inspect.status, inspect.err);
        JsonNode model = new JsonMapper().readTree(inspect.out).path("models").path(0);
        assertEquals("model", model.path("name").asString());
        assertEquals("float32", model.path("inputs").path(0).path("dtype").asString());
        assertEquals(10, model.path("constants").path(0).path("shape").path(1).asInt());
        assertEquals(1, model.path("inputSpec").path(0).asInt());
        assertTrue(model.path("requirements").path(0).path("met").asBoolean());
    }

    @Test
    void inspectShowsWhichIndicesAreChecked() {
        Result text = aoti("inspect", fixture("lookups", "lookups.pt2"));
        assertTrue(text.out.contains("used as indices: -50 to 49"), text.out);
        assertTrue(text.out.contains("indices that are not checked before a run"), text.out);
        assertTrue(text.out.contains("< 50L; otherwise the process ends"), text.out);
        Result json = aoti("inspect", "--json", fixture("lookups", "lookups.pt2"));
        JsonNode model = new JsonMapper().readTree(json.out).path("models").path(0);
        JsonNode range = model.path("inputs").path(0).path("valueRanges").path(0);
        assertEquals(-50, range.path("min").asInt());
        assertEquals(49, range.path("max").asInt());
        assertTrue(model.path("uncheckedIndices").path(0).path("endsProcess").asBoolean());
        assertFalse(model.path("uncheckedIndices").path(0).path("ofConstant").asBoolean());
    }

    @Test
    void inspectShowsHowAModelIsCalled() {
        Result text = aoti("inspect", fixture("kwargs", "kwargs.pt2"));
        assertTrue(
                text.out.contains(
                        "    forward(Tensor, [Tensor, Tensor], *, scale: Tensor, named: {\"zeta\":"
                                + " Tensor, \"alpha\": Tensor}) -> {\"product\": Tensor, \"rest\":"
                                + " Tensor}"),
                text.out);
        assertTrue(text.out.contains("3 kwargs.scale (arg3_1): float32 []"), text.out);
        assertTrue(text.out.contains("1 output[\"rest\"] (output1)"), text.out);

        Result json = aoti("inspect", "--json", fixture("call_point", "call_point.pt2"));
        JsonNode model = new JsonMapper().readTree(json.out).path("models").path(0);
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
    void inspectShowsModelsThatOnlyTakeFlatTensors() {
        Path opaque = fixture("call_opaque", "call_opaque.pt2");
        Result text = aoti("inspect", opaque);
        assertEquals(0, text.status, text.err);
        assertTrue(
                text.out.contains("by flat tensors only: the call spec of the inputs"), text.out);
        assertTrue(text.out.contains("0 arg0_1: float32 [2]"), text.out);

        Result json = aoti("inspect", "--json", opaque);
        JsonNode call = new JsonMapper().readTree(json.out).path("models").path(0).path("call");
        assertTrue(call.path("problem").asString().contains("fixtures.Opaque"), json.out);
    }

    @Test
    void runWritesOutputsThatVerifyAccepts() {
        Path outputs = folder.resolve("out.safetensors");
        Result run =
                aoti(
                        "run",
                        mlp("mlp.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        outputs);
        assertEquals(0, run.status, run.err);
        assertEquals("0: float32[8, 1]", run.out.strip());
        Result verify =
                aoti(
                        "verify",
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--expect",
                        outputs,
                        mlp("mlp.pt2"));
        assertEquals(0, verify.status, verify.out + verify.err);
        assertTrue(verify.out.contains("max abs diff 0.00, max rel diff 0.00: ok"), verify.out);
    }

    @Test
    void verifyComparesWithWhatPyTorchGave() {
        Result verify = verify("batch8", "batch8");
        assertEquals(0, verify.status, verify.out + verify.err);
        assertTrue(verify.out.endsWith("all outputs match" + System.lineSeparator()), verify.out);
    }

    @Test
    void verifySaysNoToOtherShapesAndValues() {
        Result shape = verify("batch8", "batch1");
        assertEquals(1, shape.status, shape.out + shape.err);
        assertTrue(shape.out.contains("0: is float32[8, 1], expected float32[1, 1]"), shape.out);

        Result values =
                aoti(
                        "verify",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--expect",
                        fixture("add_one", "ramp.inputs.safetensors"));
        assertEquals(1, values.status, values.out + values.err);
        assertTrue(values.out.contains("max abs diff 1.00"), values.out);
        assertTrue(values.out.contains("80 of 80 elements out of tolerance"), values.out);
    }

    @Test
    void verifyTakesTolerances() {
        Result verify =
                aoti(
                        "verify",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--expect",
                        fixture("add_one", "ramp.inputs.safetensors"),
                        "--atol",
                        "1");
        assertEquals(0, verify.status, verify.out + verify.err);
    }

    private static Result verify(String inputs, String outputs) {
        return aoti(
                "verify",
                mlp("mlp.pt2"),
                "--inputs",
                mlp(inputs + ".inputs.safetensors"),
                "--expect",
                mlp(outputs + ".outputs.safetensors"));
    }

    @Test
    void weightsComeFromFilesOfAnyFormat() {
        for (String weights :
                new String[] {
                    "weights_other.safetensors",
                    "weights_other.pt",
                    "weights.safetensors.index.json"
                }) {
            String outputs = weights.contains("other") ? "batch3.other" : "batch3";
            Result verify =
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
            assertEquals(0, verify.status, verify.out + verify.err);
        }
    }

    @Test
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
        Result allowed = aoti((Object[]) words);
        assertEquals(0, allowed.status, allowed.err);
        Result refused = aoti((Object[]) Arrays.copyOf(words, words.length - 1));
        assertEquals(3, refused.status, refused.err);
        assertTrue(refused.err.contains("embed.weight (float32 [12, 16])"), refused.err);
        assertTrue(refused.err.contains("--allow-unknown"), refused.err);
    }

    @Test
    void weightsThatAreMissingAreListed() {
        Result run =
                aoti(
                        "run",
                        fixture("weights_mlp", "none.pt2"),
                        "--inputs",
                        fixture("weights_mlp", "batch3.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        assertEquals(3, run.status);
        assertTrue(run.err.contains("missing: "), run.err);
    }

    @Test
    void inputsThatDoNotFitAreExplained() {
        Result run =
                aoti(
                        "run",
                        fixture("add_one", "add_one.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        // The one is [8, 10] as well; the other has another number of inputs.
        assertEquals(0, run.status, run.err);
        Result kwargs =
                aoti(
                        "run",
                        fixture("kwargs", "kwargs.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        folder.resolve("out.safetensors"));
        assertEquals(3, kwargs.status);
        assertTrue(kwargs.err.startsWith("aoti: model model takes 6 inputs"), kwargs.err);
    }

    @Test
    void filesThatCannotBeUsedAreNamed() throws IOException {
        Path missing = folder.resolve("missing.pt2");
        Result inspect = aoti("inspect", missing);
        assertEquals(3, inspect.status);
        assertTrue(inspect.err.startsWith("aoti: " + missing), inspect.err);
        assertEquals("", inspect.out);

        Path text = Files.writeString(folder.resolve("text.pt2"), "not a package");
        assertEquals(3, aoti("inspect", text).status);
        assertEquals(3, aoti("inspect", folder).status);
    }

    @Test
    void unwritableOutputsAreExplained() {
        Path nowhere = folder.resolve("no/such/folder/out.safetensors");
        Result run =
                aoti(
                        "run",
                        mlp("mlp.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"),
                        "--outputs",
                        nowhere);
        assertEquals(3, run.status);
        assertTrue(run.err.startsWith("aoti: "), run.err);
        assertTrue(run.err.contains("out.safetensors"), run.err);
    }

    @Test
    void outputsNeverReplaceWhatIsRead() throws IOException {
        Path inputs = folder.resolve("in.safetensors");
        Files.copy(mlp("batch8.inputs.safetensors"), inputs);
        Path again = Files.createSymbolicLink(folder.resolve("out.safetensors"), inputs);
        byte[] before = Files.readAllBytes(inputs);
        Result run = aoti("run", mlp("mlp.pt2"), "--inputs", inputs, "--outputs", again);
        assertEquals(2, run.status, run.err);
        assertTrue(run.err.contains("which is read"), run.err);
        assertArrayEquals(before, Files.readAllBytes(inputs));
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "-1", "Infinity", "x"})
    void tolerancesUnderWhichAllOrNothingMatchesAreWrongUsage(String tolerance) {
        Path ramp = fixture("add_one", "ramp.inputs.safetensors");
        for (String option : List.of("--atol", "--rtol")) {
            Result verify =
                    aoti(
                            "verify",
                            fixture("add_one", "add_one.pt2"),
                            "--inputs",
                            ramp,
                            "--expect",
                            ramp,
                            option,
                            tolerance);
            assertEquals(2, verify.status, verify.out + verify.err);
        }
    }

    @Test
    void wrongUsageIsExplainedInFewLines() {
        Result empty = aoti("inspect", "");
        assertEquals(2, empty.status);
        assertTrue(empty.err.startsWith("aoti: "), empty.err);
        assertTrue(empty.err.contains("the path is empty"), empty.err);
        assertTrue(empty.err.contains("Try 'aoti inspect --help'."), empty.err);
        assertTrue(empty.err.lines().count() < 6, empty.err);
    }

    @Test
    void wrongUsageIsToldFromFailure() {
        assertEquals(2, aoti().status);
        assertEquals(2, aoti("fly").status);
        assertEquals(2, aoti("inspect").status);
        assertEquals(2, aoti("run", "x.pt2").status);
        assertEquals(2, aoti("verify", "x.pt2", "--inputs").status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "inspect", "run", "verify", "bench"})
    void everyCommandHasHelp(String command) {
        Result help = aoti(command, "--help");
        assertEquals(0, help.status);
        assertTrue(help.out.startsWith("Usage: aoti " + command), help.out);
        assertTrue(aoti("--help").out.contains(command), "listed");
        assertEquals(help.out, aoti("help", command).out);
    }

    @Test
    void versionIsPrinted() {
        Result version = aoti("--version");
        assertEquals(0, version.status);
        assertTrue(version.out.startsWith("aoti4j "), version.out);
    }

    @Test
    void everyFixtureVerifies() throws IOException {
        int verified = 0;
        try (var files =
                Files.find(FIXTURES, 2, (p, a) -> p.toString().endsWith(".inputs.safetensors"))) {
            for (Path inputs : files.sorted().toList()) {
                Path parent = inputs.getParent();
                Path pkg = parent.resolve(parent.getFileName() + ".pt2");
                Path expect = Path.of(inputs.toString().replace(".inputs.", ".outputs."));
                if (Files.exists(pkg) && Files.exists(expect)) {
                    Result verify = aoti("verify", pkg, "--inputs", inputs, "--expect", expect);
                    if (parent.getFileName().toString().startsWith("custom_")) {
                        // Their operators are the tests' own, and this process has not got them.
                        assertEquals(3, verify.status, pkg + ": " + verify.out + verify.err);
                        assertTrue(verify.err.contains("demo::"), verify.err);
                        continue;
                    }
                    assertEquals(0, verify.status, pkg + ": " + verify.out + verify.err);
                    verified++;
                }
            }
        }
        assertTrue(verified >= 20, "fixtures are missing from the checkout");
    }
}
