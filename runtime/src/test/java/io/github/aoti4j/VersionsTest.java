package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Packages that other PyTorches than the one of the fixtures compiled from the same models: they
 * give the same answers, over whichever libtorch the tests run on.
 */
@NeedsLibTorch
@OnBothEngines
class VersionsTest {
    private static final Path ROOT = Path.of("src/test/fixtures/versions");

    record Case(Path path, Fixture fixture, String name) {
        static Stream<Case> of(Path path) {
            var fixture = Fixture.of(path.getFileName().toString().replace(".pt2", ""));
            return fixture.cases().stream().map(name -> new Case(path, fixture, name));
        }

        @Override
        public String toString() {
            return ROOT.relativize(path) + ": " + name;
        }
    }

    private static List<Path> in(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Case> cases() {
        return in(ROOT).stream().flatMap(version -> in(version).stream()).flatMap(Case::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void givesTheSameAnswers(Case called) {
        try (Model model = Model.load(called.path);
                Arena arena = Arena.ofConfined()) {
            var inputs = called.fixture.inputs(called.name, model, arena);
            var outputs = model.run(arena, inputs);
            Golden.assertMatches(called.fixture.outputs(called.name, arena), outputs);
        }
    }

    @Test
    void saysWhichFunctionAnOlderLibtorchLacks() {
        EngineUnderTest.assumeLibTorch();
        String function = "aoti_torch_cpu_nonzero_static";
        var fixture = Fixture.of("nonzero_static");
        if (LibTorch.load().has(function)) {
            try (Model model = fixture.load();
                    Arena arena = Arena.ofConfined()) {
                var input = Tensor.of(arena, new long[] {0, 1, 0, 2, 3, 0}, 6);
                var output = model.run(arena, input).getFirst();
                assertArrayEquals(new long[] {1, 3, 4, -1}, output.toLongArray());
            }
        } else {
            var e = assertThrows(IncompatibleModelException.class, fixture::load);
            assertTrue(e.getMessage().contains("needs " + function + " of libtorch"), e::toString);
            assertTrue(e.getMessage().contains(LibTorch.load().version()), e::toString);
            assertTrue(e.getMessage().contains("compiled by PyTorch 2.13"), e::toString);
        }
    }

    @Test
    void areAllThere() {
        assertEquals(
                Set.of("2.14.1"),
                in(ROOT).stream().map(f -> f.getFileName().toString()).collect(Collectors.toSet()));
        assertTrue(cases().count() >= 25, "packages are missing from the checkout");
    }
}
