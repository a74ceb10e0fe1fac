package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Packages of source only. To compile them takes a C++ compiler and PyTorch's headers ({@code
 * -Daoti.torch.include=DIR}, {@code AOTI_TORCH_INCLUDE}, or those beside the libtorch in use), and
 * half a minute each the first time; the libraries stay in the user's cache.
 */
@NeedsLibTorch
class SourceOnlyTest {
    private static final Fixture FIXTURE = Fixture.of("source_only");

    @TempDir private Path folder;

    private static Path source(String packaging) {
        return FIXTURE.folder().resolve(packaging + ".pt2");
    }

    private static ModelOptions compiling() {
        Path includes =
                Stream.of(
                                System.getProperty("aoti.torch.include"),
                                System.getenv("AOTI_TORCH_INCLUDE"))
                        .filter(Objects::nonNull)
                        .map(Path::of)
                        .findFirst()
                        .orElseGet(() -> LibTorch.load().directory().resolveSibling("include"));
        if (!Files.isDirectory(includes.resolve("torch/csrc/inductor/aoti_runtime"))) {
            abort("no PyTorch headers in " + includes);
        }
        if (compiler().isEmpty()) {
            abort("no C++ compiler (g++, c++, clang++) on the PATH");
        }
        return ModelOptions.defaults().includes(includes);
    }

    private static Optional<Path> compiler() {
        return Stream.of(System.getenv("PATH").split(":"))
                .flatMap(path -> Stream.of("g++", "c++", "clang++").map(Path.of(path)::resolve))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void assertGivesWhatPyTorchGives(Model model) {
        for (String caseName : FIXTURE.cases()) {
            try (Arena arena = Arena.ofConfined()) {
                var outputs = model.run(arena, FIXTURE.inputs(caseName, model, arena));
                Golden.assertMatches(FIXTURE.outputs(caseName, arena), outputs);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"in_so", "blob", "appended"})
    void givesWhatPyTorchGives(String packaging) {
        try (Model model = Model.load(source(packaging), compiling())) {
            assertGivesWhatPyTorchGives(model);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"in_so", "blob", "appended"})
    void compiledAheadNeedsNoCompiler(String packaging) {
        Path compiled = folder.resolve("compiled.pt2");
        try (ModelPackage opened = ModelPackage.open(source(packaging))) {
            opened.compile(compiled, false, compiling());
        }

        ModelOptions none = ModelOptions.defaults().compiler(folder.resolve("no_compiler"));
        try (Model model = Model.load(compiled, none)) {
            assertGivesWhatPyTorchGives(model);
        }
    }

    @Test
    void tellsItsInputsAndThatItIsToBeCompiled() {
        try (ModelPackage opened = ModelPackage.open(source("in_so"))) {
            ModelDescription description = opened.describe("model");
            List<Requirement> requirements = opened.requirements("model", ModelOptions.defaults());

            assertEquals(List.of("model"), opened.sourceOnly());
            assertEquals(0, description.libraryBytes());
            assertEquals(1, description.inputs().size());
            assertEquals(7, description.constants().size());
            assertTrue(
                    requirements.stream()
                            .anyMatch(
                                    r ->
                                            r.name().equals("compiler")
                                                    && r.detail().startsWith("must be compiled")),
                    requirements.toString());
        }
    }

    @Test
    void missingCompilerIsExplained() {
        ModelOptions none = ModelOptions.defaults().compiler(folder.resolve("no_compiler"));

        var e =
                assertThrows(
                        IncompatibleModelException.class, () -> Model.load(source("in_so"), none));

        assertTrue(e.getMessage().contains("package_cpp_only"), e.getMessage());
        assertTrue(
                e.getMessage().contains("the compiler " + folder.resolve("no_compiler")),
                e.getMessage());
    }

    @Test
    void packageThatIsCompiledHasNothingToCompile() {
        Path target = folder.resolve("out.pt2");
        try (ModelPackage opened = ModelPackage.open(Fixture.of("add_one").path())) {
            var e =
                    assertThrows(
                            PackageException.class,
                            () -> opened.compile(target, false, ModelOptions.defaults()));

            assertTrue(e.getMessage().contains("nothing to compile"), e.getMessage());
            assertFalse(Files.exists(target));
        }
    }
}
