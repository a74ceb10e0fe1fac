package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Values that pass between a model, the executor and operators are freed: counted by what the
 * allocator has handed out, over so many runs that the least leak shows.
 */
class OperatorLeakTest {
    @ParameterizedTest
    @CsvSource({"custom_scale_add, 100000", "custom_lists, 20000", "proxy_counts, 10000"})
    void runsLeaveNothingBehind(String name, int runs) {
        Fixture fixture = Fixture.of(name);
        try (OperatorLibrary _ = DemoOperators.open();
                Model model = fixture.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = fixture.inputs(fixture.cases().getFirst(), model, arena);
            run(model, inputs, runs / 5);
            requireNoGrowth(() -> run(model, inputs, runs / 5), runs / 5);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"custom_lists", "custom_scale_add"})
    void failuresLeaveNothingBehind(String name) {
        Fixture fixture = Fixture.of(name);
        var failure = new ArithmeticException("of ours");
        try (OperatorLibrary operators = OperatorLibrary.create()) {
            operators
                    .register(
                            DemoOperators.SCALE_ADD,
                            _ -> {
                                throw failure;
                            })
                    .register(
                            "demo::split_by(Tensor x, SymInt[] sizes) -> Tensor[]",
                            DemoOperators::splitBy)
                    .register(
                            DemoOperators.MIX,
                            _ -> {
                                throw failure;
                            });
            try (Model model = fixture.load();
                    Arena arena = Arena.ofConfined()) {
                List<Tensor> inputs = fixture.inputs(fixture.cases().getFirst(), model, arena);
                fail(model, inputs, failure, 500);
                requireNoGrowth(() -> fail(model, inputs, failure, 500), 500);
            }
        }
    }

    /**
     * What leaks grows each time; what the JVM's compiler takes meanwhile it gives back.
     *
     * @param runs how many runs the work is
     */
    private static void requireNoGrowth(Runnable work, int runs) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long before = Vitals.mallocInUse();
            work.run();
            least = Math.min(least, Vitals.mallocInUse() - before);
        }
        // A leaked handle, string, list or optional is 16 bytes at least.
        assertTrue(least < runs * 8L, least + " bytes more");
    }

    private static void run(Model model, List<Tensor> inputs, int times) {
        for (int i = 0; i < times; i++) {
            try (Arena arena = Arena.ofConfined()) {
                model.run(arena, inputs);
            }
        }
    }

    private static void fail(
            Model model, List<Tensor> inputs, RuntimeException expected, int times) {
        for (int i = 0; i < times; i++) {
            try (Arena arena = Arena.ofConfined()) {
                model.run(arena, inputs);
                throw new AssertionError("did not fail");
            } catch (ArithmeticException e) {
                assertSame(expected, e);
            }
        }
    }
}
