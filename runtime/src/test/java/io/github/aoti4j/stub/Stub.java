package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The stubs of this process, as {@code stub.h} describes them: their settings and counters. */
final class Stub {
    /** The container's entry point for models with one runner. */
    static final String RUN_SINGLE_THREADED = "AOTInductorModelContainerRunSingleThreaded";

    /** The container's entry point for the others. */
    static final String RUN = "AOTInductorModelContainerRun";

    /** What the functions of the model say when they fail. */
    static final String MESSAGE = "told to fail";

    private static final long ALWAYS = Long.MAX_VALUE;
    private static final int TEXT = 64;

    private static final List<String> NUMBERS =
            List.of(
                    "failing_skip",
                    "failing_times",
                    "message_absent",
                    "constant_missing",
                    "taken",
                    "written",
                    "failures",
                    "gate",
                    "most_in_flight");

    /** What must be as many at the end of a scenario: made and unmade. */
    private static final Map<String, String> PAIRS =
            Map.of(
                    "tensors_created", "tensors_deleted",
                    "containers_created", "containers_deleted",
                    "libraries_loaded", "libraries_unloaded");

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final Path FOLDER = Path.of(System.getProperty("stub.folder"));

    private static final NativeLibrary TORCH = torch();

    private Stub() {}

    private static NativeLibrary torch() {
        LibTorch.load();
        return NativeLibrary.ifLoaded("libtorch_cpu.so").orElseThrow();
    }

    /** Puts all settings back: one input, one fresh output, no failure. */
    static void reset() {
        NUMBERS.forEach(name -> set(name, 0));
        setText("failing", "");
        setText("message", MESSAGE);
        shape(1, "f");
    }

    /** Sets how many inputs and which outputs the next container has. */
    static void shape(int inputs, String outputs) {
        set("inputs", inputs);
        setText("outputs", outputs);
    }

    /** Lets a function fail from now on. */
    static void fail(String function) {
        fail(function, 0, ALWAYS);
    }

    /** Lets some calls of a function fail, after some that do not. */
    static void fail(String function, long skip, long times) {
        setText("failing", function);
        set("failing_skip", skip);
        set("failing_times", times);
    }

    /** Lets no function fail any more. */
    static void work() {
        setText("failing", "");
    }

    /** Reads a setting or a counter. */
    static long get(String name) {
        return (long) LONG.getVolatile(variable(name, Long.BYTES), 0L);
    }

    /** Changes a setting. */
    static void set(String name, long value) {
        LONG.setVolatile(variable(name, Long.BYTES), 0L, value);
    }

    /** Changes a setting that is a text. */
    static void setText(String name, String value) {
        variable(name, TEXT).setString(0, value);
    }

    private static MemorySegment variable(String name, long size) {
        return TORCH.address("stub_" + name).reinterpret(size);
    }

    /** Returns a package that holds one of the models of {@link StubLibraries}. */
    static Path path(String model) {
        return StubPackage.write(FOLDER.resolve(model + ".pt2"), library(model), null);
    }

    /** Returns a package that holds the plain model, and its source. */
    static Path pathWithSource(String source) {
        return StubPackage.write(FOLDER.resolve("with_source.pt2"), library("model"), source);
    }

    private static Path library(String model) {
        return FOLDER.resolve(model + ".so");
    }

    /** Loads the plain model. */
    static Model load(int runners) {
        return Model.load(path("model"), ModelOptions.defaults().runners(runners));
    }

    /** Returns how many native objects of each kind are alive. */
    static Map<String, Long> alive() {
        return PAIRS.entrySet().stream()
                .collect(
                        Collectors.toMap(
                                pair -> pair.getKey().replaceFirst("_.*", ""),
                                pair -> get(pair.getKey()) - get(pair.getValue()),
                                Long::sum,
                                TreeMap::new));
    }

    /** Demands that nothing else is alive than before, and that native code was used rightly. */
    static void requireSound(Map<String, Long> aliveBefore) {
        assertEquals(0, get("misuses"), () -> "misuses of native code, first: " + text("misuse"));
        assertEquals(aliveBefore, alive(), "what is alive in native code");
    }

    private static String text(String name) {
        return variable(name, 2 * TEXT).getString(0);
    }
}
