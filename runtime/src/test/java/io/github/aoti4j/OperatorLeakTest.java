package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Values that pass between a model, the executor and operators are freed: counted by what the
 * allocator has handed out, over so many runs that the least leak shows.
 */
@NeedsLibTorch
class OperatorLeakTest {
    private static final int FAILURES = 1_000;

    /** Half of what a handle, a string, a list or an optional takes at least. */
    private static final long LEAST_LEAK = 8;

    @ParameterizedTest
    @CsvSource({
        "custom_scale_add, 50000",
        "custom_lists, 10000",
        "proxy_counts, 5000",
        "proxy_linalg, 1000",
        "proxy_scalars, 1000",
        "custom_scalars, 1000"
    })
    void runsLeaveNothingBehind(String name, int runs) throws Exception {
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
    void failuresLeaveNothingBehind(String name) throws Exception {
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
                fail(model, inputs, failure, FAILURES);
                requireNoGrowth(() -> fail(model, inputs, failure, FAILURES), FAILURES);
            }
        }
    }

    /**
     * What leaks grows each time; what the JVM's compiler keeps of its work it keeps once.
     *
     * @param runs how many runs the work is
     */
    private static void requireNoGrowth(Runnable work, int runs) throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10 && least >= runs * LEAST_LEAK; i++) {
            long before = quietMallocInUse();
            work.run();
            least = Math.min(least, quietMallocInUse() - before);
        }
        assertTrue(least < runs * LEAST_LEAK, least + " bytes more");
    }

    /** While it works, the JVM's compiler takes megabytes, and gives them back. */
    private static long quietMallocInUse() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            least = Math.min(least, Vitals.mallocInUse());
            Thread.sleep(5);
        }
        return least;
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
