package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

/**
 * A division by zero fails the run that divides, and no other one: kernels note it in a variable
 * that the library has once. In one library for all, 2 to 4 of 1000 runs beside such runs fail.
 */
@NeedsLibTorch
@OnBothEngines
class IntegerDivisionTest {
    private static final Fixture DIVISION = Fixture.of("integer_division");
    private static final int LENGTH = 1000;
    private static final int RUNS = 2000;

    /** With 300 runners not each has a library of its own. */
    @ParameterizedTest
    @ValueSource(ints = {2, 300})
    void ofOneRunFailsNoOtherOne(int runners) throws Exception {
        ModelOptions options = ModelOptions.defaults().runners(runners);
        try (Model model = Model.load(DIVISION.path(), options)) {
            assertApart(model, model);
        }
    }

    @Test
    void inOneModelFailsNoRunOfAnotherOne() throws Exception {
        try (Model first = Model.load(DIVISION.path());
                Model second = Model.load(DIVISION.path())) {
            assertApart(first, second);
        }
    }

    private static void assertApart(Model first, Model second) throws Exception {
        var start = new CyclicBarrier(2);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<?> zeros = threads.submit(() -> run(first, 0, start));
            Future<?> ones = threads.submit(() -> run(second, 1, start));
            zeros.get();
            ones.get();
        }
    }

    private static Void run(Model model, long divisor, CyclicBarrier start) throws Exception {
        long[] dividends = LongStream.range(0, LENGTH).toArray();
        long[] divisors = new long[LENGTH];
        Arrays.fill(divisors, divisor);
        try (Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                Tensor.of(arena, dividends, LENGTH),
                                Tensor.of(arena, divisors, LENGTH))) {
            start.await();
            for (int i = 0; i < RUNS; i++) {
                if (divisor == 0) {
                    var failure = assertThrows(NativeException.class, runner::run);
                    assertTrue(
                            failure.getMessage().contains("ZeroDivisionError"),
                            failure.getMessage());
                } else {
                    runner.run();
                    assertEquals(i % LENGTH, runner.output(0).getLong(i % LENGTH));
                }
            }
        }
        return null;
    }
}
