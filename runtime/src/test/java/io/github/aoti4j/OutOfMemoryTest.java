package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.ChildJvm.Ending;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Native memory runs out: in the middle of a run, of a load, of an update. What fails says so, and
 * the same model answers rightly when there is some again.
 */
@NeedsLibTorch
@OnBothEngines
class OutOfMemoryTest {
    private static final Fixture WEIGHTS = Fixture.of("weights_mlp");

    /** No block of this size is left; the JVM's own come in smaller ones. */
    private static final int BLOCK = 1 << 16;

    /** A call whose values between two layers take a block. */
    private static final String LARGE = "batch1024";

    @TempDir private Path cache;

    @Test
    void failsCleanlyAndWorksAgain() throws Exception {
        ProcessBuilder child =
                Children.of(NoMemory.class)
                        .cache(cache)
                        // What the JVM needs later it has from the beginning, or does without.
                        .options("-Xint", "-XX:+UseSerialGC", "-Xms64m", "-Xmx64m")
                        .with();
        Ending ending = ChildJvm.run(child);
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** Runs, loads and updates, with memory and without. */
    static final class NoMemory {
        private final Fixture mlp = Fixture.of("mlp");
        private final Path blob = WEIGHTS.folder().resolve("blob.pt2");
        private final Path weights = WEIGHTS.folder().resolve("weights.safetensors");
        private final MemorySegment bytes;

        private NoMemory() throws IOException {
            bytes = MemorySegment.ofArray(Files.readAllBytes(mlp.path()));
        }

        public static void main(String[] args) throws Exception {
            new NoMemory().run();
        }

        private void run() {
            try (Model model = mlp.load();
                    Model updated = Model.load(blob);
                    Arena arena = Arena.ofConfined()) {
                List<Tensor> inputs = mlp.inputs(LARGE, model, arena);
                try (Runner runner = model.newRunner(inputs.toArray(Tensor[]::new))) {
                    succeed(model, runner, updated);
                    Vitals before = Vitals.now();
                    for (int i = 0; i < 3; i++) {
                        try (Model fresh = mlp.load()) {
                            fail(fresh, model, runner, updated, inputs);
                        }
                        succeed(model, runner, updated);
                    }
                    assertEquals(before.descriptors(), Vitals.now().descriptors());
                    long more = Vitals.now().mappings() - before.mappings();
                    assertTrue(more <= 8, more + " mappings more");
                }
            }
        }

        private void succeed(Model model, Runner runner, Model updated) {
            ModelOptions options = ModelOptions.defaults();
            for (Model loaded : List.of(mlp.load(), Model.load(bytes, options))) {
                answersRightly(mlp, LARGE, loaded);
                loaded.close();
            }
            answersRightly(mlp, LARGE, model);
            runner.run();
            try (Arena arena = Arena.ofConfined()) {
                Golden.assertMatches(mlp.outputs(LARGE, arena), List.of(runner.output(0)));
            }
            updated.constants().update(weights);
            answersRightly(WEIGHTS, "batch3", updated);
        }

        private static void answersRightly(Fixture fixture, String name, Model model) {
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> outputs = model.run(arena, fixture.inputs(name, model, arena));
                Golden.assertMatches(fixture.outputs(name, arena), outputs);
            }
        }

        private void fail(
                Model fresh, Model model, Runner runner, Model updated, List<Tensor> inputs) {
            try (var _ = new Addresses.Hoard(BLOCK);
                    Arena arena = Arena.ofConfined()) {
                assertThrows(NativeException.class, () -> fresh.run(arena, inputs));
                if (EngineUnderTest.isBuiltIn()) {
                    // It has the memory of the run before.
                    runner.run();
                } else {
                    assertThrows(NativeException.class, () -> model.run(arena, inputs));
                    assertThrows(NativeException.class, runner::run);
                }
                assertThrows(
                        OutOfMemoryError.class, () -> Tensor.zeros(arena, DType.FLOAT32, 1 << 20));
                refuses(mlp.path(), mlp::load);
                refuses(weights, () -> updated.constants().update(weights));
                // Its bytes are copied out of the heap first.
                assertThrows(
                        OutOfMemoryError.class, () -> Model.load(bytes, ModelOptions.defaults()));
            }
        }

        private static void refuses(Path file, Executable open) {
            String message = assertThrows(PackageException.class, open).getMessage();
            assertTrue(message.contains(file.toString()), message);
            assertTrue(message.contains("Cannot allocate memory"), message);
        }
    }
}
