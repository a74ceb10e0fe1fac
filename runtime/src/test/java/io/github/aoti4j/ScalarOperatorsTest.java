package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** Calls that PyTorch's own executor makes, and operators in Java that take numbers of any kind. */
@NeedsLibTorch
class ScalarOperatorsTest {
    private static final Fixture SCALARS = Fixture.of("proxy_scalars");
    private static final Fixture CUSTOM = Fixture.of("custom_scalars");

    private static void assertRight(Fixture fixture, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            for (String caseName : fixture.cases()) {
                var outputs = model.run(arena, fixture.inputs(caseName, model, arena));
                Golden.assertMatches(fixture.outputs(caseName, arena), outputs);
            }
        }
    }

    @Test
    void severalRunsAtOnceAreRight() throws Exception {
        try (Model model = Model.load(SCALARS.path(), ModelOptions.defaults().runners(4));
                var threads = Executors.newFixedThreadPool(4)) {
            Callable<Void> work =
                    () -> {
                        for (int i = 0; i < 20; i++) {
                            assertRight(SCALARS, model);
                        }
                        return null;
                    };
            for (var done : threads.invokeAll(List.of(work, work, work, work))) {
                done.get();
            }
        }
    }

    @Test
    void loadingLeavesNothingBehind() throws IOException {
        for (int i = 0; i < 5; i++) {
            SCALARS.load().close();
        }
        Vitals before = Vitals.now();
        List<Path> files = temporaryFiles();
        for (int i = 0; i < 20; i++) {
            try (Model model = SCALARS.load()) {
                assertRight(SCALARS, model);
            }
        }
        Vitals after = Vitals.now();
        // The JVM maps memory of its own meanwhile, but not once per model.
        assertTrue(after.mappings() < before.mappings() + 20, before + ", then " + after);
        assertTrue(after.descriptors() < before.descriptors() + 10, before + ", then " + after);
        List<Path> more = new ArrayList<>(temporaryFiles());
        more.removeAll(files);
        assertEquals(List.of(), more);
    }

    private static List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("aoti4j-calls"))
                    .toList();
        }
    }

    @Test
    void operatorsInJavaTakeNumbersOfAnyKind() {
        try (OperatorLibrary _ = DemoOperators.open();
                Model model = CUSTOM.load()) {
            assertRight(CUSTOM, model);
        }
    }

    @Test
    void operatorsInJavaSeeOfWhichKindANumberIs() {
        List<Object> seen = new ArrayList<>();
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators.register(
                    DemoOperators.WEIGH,
                    call -> {
                        seen.add(call.value("by"));
                        seen.add(call.value("factors"));
                        seen.add(call.value("shift"));
                        seen.add(call.value("scale"));
                        throw new OperatorException("seen");
                    });
            try (Model model = CUSTOM.load();
                    Arena arena = Arena.ofConfined()) {
                var inputs = CUSTOM.inputs("rows2", model, arena);
                assertThrows(OperatorException.class, () -> model.run(arena, inputs));
                assertEquals(2.5, seen.get(0));
                assertEquals(List.of(2L, 3L), seen.get(1));
                assertEquals(null, seen.get(2));
                assertEquals(1.0, seen.get(3));
            }
        }
    }

    @Test
    void saysWhatOnlyPythonHas() {
        Path path = Fixture.of("refused_python").folder().resolve("in_so.pt2");
        String message =
                assertThrows(IncompatibleModelException.class, () -> Model.load(path)).getMessage();
        assertTrue(
                message.contains("calls prims::normal, which only PyTorch's Python has"), message);
        assertTrue(message.contains("run_decompositions"), message);
    }
}
