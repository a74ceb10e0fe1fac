package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/**
 * Models that draw random numbers: uniform, normal, whole from 3 to 8, a dropout of a quarter, and
 * coins. One has them made by the compiler from libtorch's seeds, one by libtorch's operators.
 */
@NeedsLibTorch
class RandomTest {
    private static final int COUNT = 2_000;

    private static Tensor ones(Arena arena) {
        float[] values = new float[COUNT];
        Arrays.fill(values, 1);
        return Tensor.of(arena, values, COUNT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "random_fallback", "random_operators"})
    void drawsPyTorchsNumbersForItsSeed(String name) throws Throwable {
        var fixture = Fixture.of(name);
        try (Model model = fixture.load();
                Arena arena = Arena.ofConfined()) {
            LibTorch.manualSeed(7);
            Golden.assertMatches(
                    fixture.outputs("seed7", arena), model.run(arena, List.of(ones(arena))));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE})
    void everySeedBringsItsNumbersBack(long seed) {
        try (Model model = Fixture.of("random").load();
                Arena arena = Arena.ofConfined()) {
            LibTorch.manualSeed(seed);
            var first = model.run(arena, List.of(ones(arena)));
            LibTorch.manualSeed(seed + 1);
            var other = model.run(arena, List.of(ones(arena)));
            LibTorch.manualSeed(seed);
            var again = model.run(arena, List.of(ones(arena)));
            for (int i = 0; i < first.size(); i++) {
                byte[] expected = first.get(i).toByteArray();
                assertArrayEquals(expected, again.get(i).toByteArray(), "output " + i);
                assertFalse(Arrays.equals(expected, other.get(i).toByteArray()), "output " + i);
            }
        }
    }

    /** The generator's state is larger than a word: PyTorch's mutex keeps it whole. */
    @Test
    void isSeededWhileModelsDraw() throws Exception {
        try (Model model = Fixture.of("random_fallback").load()) {
            Callable<Void> draws =
                    () -> {
                        for (int i = 0; i < 100; i++) {
                            try (Arena arena = Arena.ofConfined()) {
                                var outputs = model.run(arena, List.of(ones(arena)));
                                assertDistributed(outputs.get(0), 0, 1, 0.5);
                            }
                        }
                        return null;
                    };
            Callable<Void> seeds =
                    () -> {
                        for (int i = 0; i < 2_000; i++) {
                            LibTorch.manualSeed(i);
                        }
                        return null;
                    };
            try (var threads = Executors.newFixedThreadPool(4)) {
                for (var done : threads.invokeAll(List.of(draws, seeds, draws, seeds))) {
                    done.get();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "random_fallback"})
    void drawsOthersInTheNextRun(String name) {
        try (Model model = Fixture.of(name).load();
                Arena arena = Arena.ofConfined()) {
            var first = model.run(arena, List.of(ones(arena)));
            var second = model.run(arena, List.of(ones(arena)));
            for (int i = 0; i < first.size(); i++) {
                assertFalse(
                        Arrays.equals(first.get(i).toByteArray(), second.get(i).toByteArray()),
                        "output " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "random_fallback"})
    void drawsFromTheRightDistributions(String name) {
        try (Model model = Fixture.of(name).load();
                Arena arena = Arena.ofConfined()) {
            var outputs = model.run(arena, List.of(ones(arena)));
            assertDistributed(outputs.get(0), 0, 1, 0.5);
            assertDistributed(outputs.get(1), -10, 10, 0);
            assertEquals(DType.INT64, outputs.get(2).dtype());
            var whole = Arrays.stream(outputs.get(2).toLongArray()).summaryStatistics();
            assertEquals(3, whole.getMin());
            assertEquals(8, whole.getMax());
            assertEquals(5.5, whole.getAverage(), 0.3);
            assertDistributed(outputs.get(3), 0, 4 / 3.0, 1);
            assertDistributed(outputs.get(4), 0, 1, 0.5);
        }
    }

    /** A mean of 2,000 is off by more than 0.15 once in some 10^10 times for a deviation of 1. */
    private static void assertDistributed(Tensor tensor, double min, double max, double mean) {
        assertEquals(DType.FLOAT32, tensor.dtype());
        assertEquals(COUNT, tensor.elementCount());
        var found = Arrays.stream(tensor.toDoubleArray()).summaryStatistics();
        assertTrue(found.getMin() >= min && found.getMax() <= max + 1e-6, found.toString());
        assertEquals(mean, found.getAverage(), 0.15, found.toString());
    }
}
