package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What fails in native code is thrown, and not written to standard error as well. */
@NeedsLibTorch
class NativeOutputTest {
    private static final String THROWN = "thrown by AOTInductor\nthrown by aten::bincount\n";

    @Test
    void failuresWriteNothing() throws Exception {
        assertEquals(new ChildJvm.Ending(0, THROWN), fail(Map.of()));
    }

    @Test
    void anOptionTurnsTheOutputOn() throws Exception {
        ChildJvm.Ending ending = fail(Map.of(), "-Daoti.native.output=true");
        assertEquals(0, ending.exitCode(), ending.output());
        // What the model writes.
        assertTrue(ending.output().contains("Error: Expected u0 <= 8 but received 99"));
    }

    @Test
    void theLogLevelOfTheEnvironmentStays() throws Exception {
        // libtorch says so if it reads the variable.
        ChildJvm.Ending ending = fail(Map.of("TORCH_CPP_LOG_LEVEL", "loud"));
        assertEquals(0, ending.exitCode(), ending.output());
        assertTrue(ending.output().contains("cannot be parsed"), ending.output());
    }

    private static ChildJvm.Ending fail(Map<String, String> environment, String... options)
            throws Exception {
        ProcessBuilder builder = Children.of(Failures.class).options(options).with();
        builder.environment().remove("TORCH_CPP_LOG_LEVEL");
        builder.environment().putAll(environment);
        return ChildJvm.run(builder);
    }

    /** Fails in a model's own code, and in an operator of libtorch. */
    static final class Failures {
        private Failures() {}

        public static void main(String[] args) {
            try (Arena arena = Arena.ofConfined()) {
                try (Model model = Fixture.of("item_sizes").load()) {
                    Tensor sizes = Tensor.of(arena, new long[] {99, 99}, 2);
                    failing(model, arena, sizes, Tensor.of(arena, new float[8], 8));
                }
                Fixture counts = Fixture.of("proxy_counts");
                try (Model model = counts.load()) {
                    List<Tensor> inputs = new ArrayList<>(counts.inputs("to5", model, arena));
                    long[] negative = new long[Math.toIntExact(inputs.getFirst().elementCount())];
                    negative[3] = -1;
                    Tensor bad = Tensor.of(arena, negative, inputs.getFirst().shape());
                    failing(model, arena, bad, inputs.get(1));
                }
            }
        }

        private static void failing(Model model, Arena arena, Tensor... inputs) {
            try {
                model.run(arena, inputs);
            } catch (NativeException e) {
                System.out.println("thrown by " + e.function().replaceFirst("Model.*", ""));
            }
        }
    }
}
