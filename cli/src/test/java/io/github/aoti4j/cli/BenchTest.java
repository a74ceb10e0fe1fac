package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.FIXTURES;
import static io.github.aoti4j.cli.CommandResult.aoti;
import static io.github.aoti4j.cli.CommandResult.fixture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

@NeedsLibTorch
class BenchTest {
    @TempDir private Path folder;

    /** For next to no time: nothing here looks at how long anything takes. */
    private static CommandResult bench(Object... args) {
        List<String> words = new ArrayList<>(List.of("bench"));
        for (Object arg : args) {
            words.add(arg.toString());
        }
        for (String brief : new String[] {"--seconds=0.05", "--warmup=0.01"}) {
            String option = brief.substring(0, brief.indexOf('='));
            if (words.stream().noneMatch(word -> word.startsWith(option))) {
                words.add(brief);
            }
        }
        return aoti(words.toArray());
    }

    private static Path addOne() {
        return fixture("add_one", "add_one.pt2");
    }

    private static Path mlp(String file) {
        return fixture("mlp", file);
    }

    @Test
    void printsThroughputAndPercentiles() {
        CommandResult bench = bench(addOne());
        assertEquals(0, bench.status(), bench.err());
        for (String part :
                new String[] {
                    "Runner.run, 1 thread, 1 runner, closed loop",
                    "zeros: float32[8, 10]",
                    "each thread's outputs with Model.run's",
                    " runs/s (",
                    "bytes of Java heap per run",
                    "latency, µs, from the beginning of a run",
                    "    p99.99 ",
                    "measuring adds "
                }) {
            assertTrue(bench.out().contains(part), part + " in " + bench.out());
        }
        assertFalse(bench.out().contains("note"), bench.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"runner", "model"})
    void printsOneJsonObject(String api) {
        JsonNode json =
                bench(
                                addOne(),
                                "--json",
                                "--api",
                                api,
                                "--inputs",
                                fixture("add_one", "ramp.inputs.safetensors"),
                                "--expect",
                                fixture("add_one", "ramp.outputs.safetensors"))
                        .json();
        assertEquals(api, json.path("api").asString());
        assertEquals("closed", json.path("loop").asString());
        assertEquals("model", json.path("model").asString());
        assertEquals(10, json.at("/inputs/0/shape/1").asInt());
        assertTrue(json.path("schedule").isNull());
        assertTrue(json.path("comparedWithExpected").asBoolean());
        assertTrue(json.path("comparedWithModelRun").asBoolean());
        assertFalse(json.path("stopped").asBoolean());
        assertEquals(0, json.path("notes").size());
        assertTrue(
                json.path("engine")
                        .asString()
                        .matches("built-in, without libtorch|libtorch 2[.].*"));
        assertTrue(json.path("java").asString().contains("25"));

        long runs = json.path("runs").asLong();
        assertTrue(runs >= 1);
        assertEquals(
                (double) runs,
                json.path("runsPerSecond").asDouble() * json.path("elapsedSeconds").asDouble(),
                runs * 1e-6);
        JsonNode latency = json.path("latencyNanos");
        long before = 0;
        for (String name : new String[] {"min", "p50", "p90", "p99", "p99.9", "p99.99", "max"}) {
            assertTrue(latency.path(name).asLong() >= before, latency.toString());
            before = latency.path(name).asLong();
        }
        assertTrue(latency.path("mean").asDouble() > 0);
        assertTrue(json.at("/timerNanos/perLatency").asDouble() > 0);
        double allocated = json.path("allocatedBytesPerRun").asDouble();
        assertTrue(api.equals("runner") ? allocated >= 0 : allocated > 0, "" + allocated);
    }

    @Test
    void openLoopReportsItsSchedule() {
        CommandResult bench = bench(addOne(), "--json", "--rate", "2000", "--threads", "2");
        JsonNode json = bench.json();
        assertEquals("open", json.path("loop").asString());
        JsonNode schedule = json.path("schedule");
        assertEquals(2000, schedule.path("ratePerSecond").asDouble());
        assertEquals(100, schedule.path("planned").asLong());
        assertEquals(100, json.path("runs").asLong() + schedule.path("notBegun").asLong());
        assertTrue(bench.err().contains("warming up at the rate"), bench.err());
    }

    @Test
    void rateThatCannotBeKeptIsSaid() {
        JsonNode json = bench(addOne(), "--json", "--rate", "1e9").json();
        assertFalse(json.at("/schedule/kept").asBoolean());
        assertEquals(50_000_000, json.at("/schedule/planned").asLong());
        assertTrue(json.at("/schedule/notBegun").asLong() > 0);
        assertTrue(
                json.at("/notes/0").asString().startsWith("the rate was not kept"),
                json.toString());

        CommandResult text = bench(addOne(), "--rate", "1e9");
        assertTrue(text.out().contains("open loop, 1,000,000,000 runs/s"), text.out());
        assertTrue(
                text.out().contains("latency, µs, from when a run was due, so including queueing"),
                text.out());
        assertTrue(text.out().contains("note       the rate was not kept"), text.out());
    }

    @Test
    void threadsMayShareRunners() {
        JsonNode json = bench(addOne(), "--json", "--threads", "3", "--runners", "1").json();
        assertEquals(3, json.path("threads").asInt());
        assertEquals(1, json.path("runners").asInt());
        assertTrue(json.path("runs").asLong() >= 3);
        assertTrue(
                json.path("notes").toString().contains("3 threads share 1 runner"),
                json.path("notes").toString());
    }

    @Test
    void eachThreadRunsAtLeastOnce() {
        JsonNode json =
                bench(addOne(), "--json", "--threads=2", "--seconds=1e-9", "--warmup=0").json();
        assertTrue(json.path("runs").asLong() >= 2);
    }

    @Test
    void sizesThatVaryMustBeGiven() {
        CommandResult none = bench(mlp("mlp.pt2"));
        assertEquals(2, none.status());
        assertTrue(none.err().contains("1..1024, 10]) are not fixed: give --inputs"), none.err());
        assertEquals("", none.out());

        JsonNode json = bench(mlp("mlp.pt2"), "--json", "--shape", "0=8x10").json();
        assertEquals("[8,10]", json.at("/inputs/0/shape").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0=2000x10",
                "0=8",
                "0=",
                "1=8x10",
                "x",
                "0=8,10",
                "0=1000000000000x10",
                "0=99999999999999999x9999"
            })
    void shapesThatDoNotFitAreWrongUsage(String shape) {
        CommandResult bench = bench(mlp("mlp.pt2"), "--shape", shape);
        assertEquals(2, bench.status(), bench.err());
        assertTrue(bench.err().contains("Usage: aoti bench"), bench.err());
    }

    @Test
    void twoShapesOfOneInputAreWrongUsage() {
        CommandResult bench = bench(mlp("mlp.pt2"), "--shape", "0=8x10", "--shape", "0=4x10");
        assertEquals(2, bench.status(), bench.err());
        assertTrue(bench.err().contains("input 0 has two shapes"), bench.err());
    }

    @ParameterizedTest
    @CsvSource({
        "--threads, 0",
        "--threads, 257",
        "--runners, 0",
        "--intra-op-threads, 0",
        "--intra-op-threads, 257",
        "--seconds, 0",
        "--seconds, NaN",
        "--seconds, 1e9",
        "--warmup, -1",
        "--rate, 0",
        "--rate, 1e10",
        "--rate, fast",
        "--api, python"
    })
    void valuesOutOfRangeAreWrongUsage(String option, String value) {
        CommandResult bench = bench(addOne(), option + "=" + value);
        assertEquals(2, bench.status(), bench.err());
        String problem = bench.err().lines().findFirst().orElseThrow();
        assertTrue(problem.contains(option) && !problem.contains("only once"), problem);
    }

    @Test
    void shapesAndInputsExcludeOneAnother() {
        Path inputs = mlp("batch8.inputs.safetensors");
        assertEquals(2, bench(mlp("mlp.pt2"), "--inputs", inputs, "--shape=0=8x10").status());
    }

    @Test
    void nothingIsTimedIfTheAnswerIsWrong() {
        Path ramp = fixture("add_one", "ramp.inputs.safetensors");
        CommandResult bench = bench(addOne(), "--inputs", ramp, "--expect", ramp);
        assertEquals(1, bench.status());
        assertEquals("", bench.out());
        assertTrue(bench.err().contains("80 of 80 elements out of tolerance"), bench.err());
        assertTrue(bench.err().contains("nothing was timed"), bench.err());
        assertEquals(
                0, bench(addOne(), "--inputs", ramp, "--expect", ramp, "--atol", "1").status());
    }

    @Test
    void inputsThatDoNotFitAreExplained() {
        CommandResult bench =
                bench(
                        fixture("kwargs", "kwargs.pt2"),
                        "--inputs",
                        mlp("batch8.inputs.safetensors"));
        assertEquals(3, bench.status());
        assertTrue(bench.err().startsWith("aoti: model model takes 6 inputs"), bench.err());
    }

    @Test
    void modelThatFailsIsExplained() {
        Path inputs = folder.resolve("outside.safetensors");
        try (var arena = Arena.ofConfined()) {
            TensorFiles.write(inputs, List.of(Tensor.of(arena, new long[] {3, 10}, 2)), arena);
        }
        CommandResult bench = bench(fixture("embedding", "embedding.pt2"), "--inputs", inputs);
        assertEquals(3, bench.status(), bench.out());
        assertTrue(bench.err().startsWith("aoti: "), bench.err());
        assertEquals("", bench.out());
    }

    @Test
    void modelThatWritesIntoItsInputsIsComparedAndNoted() {
        for (String api : new String[] {"runner", "model"}) {
            JsonNode json =
                    bench(
                                    fixture("mutates_input", "mutates_input.pt2"),
                                    "--json",
                                    "--threads=2",
                                    "--api=" + api,
                                    "--inputs",
                                    fixture("mutates_input", "ramp.inputs.safetensors"),
                                    "--expect",
                                    fixture("mutates_input", "ramp.outputs.safetensors"))
                            .json();
            assertTrue(json.path("writesInputs").asBoolean());
            assertTrue(json.path("comparedWithModelRun").asBoolean());
            assertTrue(json.path("notes").toString().contains("writes into its inputs"));
        }
    }

    @Test
    void modelWithAStateIsNotComparedAndThatIsSaid() {
        JsonNode json =
                bench(
                                fixture("mutated_buffer", "blob.pt2"),
                                "--json",
                                "--inputs",
                                fixture("mutated_buffer", "ramp.inputs.safetensors"),
                                "--expect",
                                fixture("mutated_buffer", "ramp.outputs.safetensors"))
                        .json();
        assertFalse(json.path("comparedWithModelRun").asBoolean());
        assertTrue(json.path("notes").toString().contains("were not compared"));
    }

    @Test
    void everyKindOfInputCanBeRun() {
        for (String name :
                new String[] {
                    "identity", "zero_dim", "zero_size", "transposed_input", "multi_output"
                }) {
            Path parent = FIXTURES.resolve(name);
            try (var files = Files.list(parent)) {
                Path inputs =
                        files.filter(file -> file.toString().endsWith(".inputs.safetensors"))
                                .sorted()
                                .findFirst()
                                .orElseThrow();
                CommandResult bench = bench(parent.resolve(name + ".pt2"), "--inputs", inputs);
                assertEquals(0, bench.status(), name + ": " + bench.err());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void packagesThatAreNotThereAreNamed() {
        Path missing = folder.resolve("missing.pt2");
        CommandResult bench = bench(missing);
        assertEquals(3, bench.status());
        assertTrue(bench.err().contains(missing.toString()), bench.err());
    }

    @Test
    void failureInAThreadEndsAllAndIsThrown() {
        Model model = Model.load(addOne(), ModelOptions.defaults().runners(2));
        try (StopSignal stop = new StopSignal();
                Arena arena = Arena.ofShared()) {
            BenchInputs inputs = BenchInputs.zeros(model, List.of(), arena);
            try (LoadGenerator load =
                    new LoadGenerator(2, Workload.Api.RUNNER, model, inputs, stop, Progress.NONE)) {
                assertTrue(load.open(Reference.of(model, inputs, arena)).isEmpty());
                // A closed model refuses to run.
                model.close();
                assertThrows(
                        IllegalStateException.class,
                        () -> load.closedLoop("running", 3_600_000_000_000L));
                assertTrue(stop.isStopped());
            }
        } finally {
            model.close();
        }
    }

    /** In a process of its own, which is told to end as Ctrl-C would. */
    @Test
    @Timeout(120)
    void signalEndsItWithAReport() throws Exception {
        List<String> command = new ArrayList<>();
        Collections.addAll(
                command,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"));
        String libtorch = System.getProperty("aoti.libtorch");
        if (libtorch != null) {
            command.add("-Daoti.libtorch=" + libtorch);
        }
        Collections.addAll(
                command,
                Main.class.getName(),
                "bench",
                addOne().toString(),
                "--json",
                "--seconds=3600",
                "--warmup=0",
                "--rate=100");
        Path out = folder.resolve("out.json");
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).start();
        try (BufferedReader err = process.errorReader()) {
            StringBuilder said = new StringBuilder();
            String line = err.readLine();
            while (line != null && !line.contains("measuring")) {
                said.append(line).append('\n');
                line = err.readLine();
            }
            assertTrue(line != null, "it ended by itself: " + said);
            process.destroy();
            process.waitFor();
        } finally {
            process.destroyForcibly();
        }
        JsonNode json = new JsonMapper().readTree(Files.readString(out));
        assertTrue(json.path("stopped").asBoolean(), json.toString());
        assertTrue(json.path("elapsedSeconds").asDouble() < 3600, json.toString());
    }
}
