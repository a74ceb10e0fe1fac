package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs and closes by many threads at once. */
final class ThreadScenarios {
    private static final int THREADS = 8;

    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    /** Runs once in arenas of its own. */
    private static float addedTo(float value, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            return model.run(arena, vector(arena, value)).getFirst().toFloatArray()[0];
        }
    }

    @Scenario
    void closesUnderARun() throws Exception {
        Map<String, Long> before = Stub.alive();
        Model model = Stub.load(1);
        Stub.set("gate", 1);
        var run = Background.start(() -> addedTo(1, model));
        Background.await(() -> Stub.get("runs_waiting") == 1);
        model.close();
        assertTrue(model.isClosed());
        assertEquals(before.get("containers") + 1, Stub.alive().get("containers"));
        assertThrows(IllegalStateException.class, () -> addedTo(1, model));
        Stub.set("gate", 0);
        assertEquals(2, run.get());
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void closesUnderARunThatFails() throws Exception {
        Map<String, Long> before = Stub.alive();
        Model model = Stub.load(1);
        Stub.set("gate", 1);
        Stub.fail(Stub.RUN_SINGLE_THREADED);
        var run = Background.start(() -> addedTo(1, model));
        Background.await(() -> Stub.get("runs_waiting") == 1);
        model.close();
        Stub.set("gate", 0);
        assertEquals(
                "told to fail on 1", assertThrows(NativeException.class, run::get).nativeMessage());
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void letsAsManyRunAsThereAreRunners() throws Exception {
        try (Model model = Stub.load(3)) {
            Stub.set("gate", 1);
            List<Background<Float>> runs = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                float value = i;
                runs.add(Background.start(() -> addedTo(value, model)));
            }
            Background.await(() -> Stub.get("runs_waiting") == 3);
            Stub.set("gate", 0);
            for (int i = 0; i < THREADS; i++) {
                assertEquals(i + 1, runs.get(i).get());
            }
            assertEquals(3, Stub.get("most_in_flight"));
        }
    }

    @Scenario
    void letsTheNextRunAfterAFailure() throws Exception {
        for (int runners = 1; runners <= 2; runners++) {
            try (Model model = Stub.load(runners)) {
                Stub.set("gate", 1);
                Stub.fail(runners == 1 ? Stub.RUN_SINGLE_THREADED : Stub.RUN, 0, runners);
                List<Background<Float>> failing = new ArrayList<>();
                for (int i = 0; i < runners; i++) {
                    failing.add(Background.start(() -> addedTo(1, model)));
                }
                int inFlight = runners;
                Background.await(() -> Stub.get("runs_waiting") == inFlight);
                var waiting = Background.start(() -> addedTo(5, model));
                Background.await(() -> waiting.thread().getState() == Thread.State.WAITING);
                Stub.set("gate", 0);
                for (var run : failing) {
                    assertThrows(NativeException.class, run::get);
                }
                assertEquals(6, waiting.get());
            }
        }
    }

    @Scenario
    void keepsTheInterruptOfAThreadThatWaits() throws Exception {
        try (Model model = Stub.load(1)) {
            Stub.set("gate", 1);
            var running = Background.start(() -> addedTo(1, model));
            Background.await(() -> Stub.get("runs_waiting") == 1);
            var waiting =
                    Background.start(
                            () -> {
                                assertEquals(3, addedTo(2, model));
                                return Thread.interrupted();
                            });
            Background.await(() -> waiting.thread().getState() == Thread.State.WAITING);
            waiting.thread().interrupt();
            Stub.set("gate", 0);
            assertEquals(2, running.get());
            assertTrue(waiting.get(), "the interrupt is still pending");
        }
    }

    @Scenario
    void doesNotRunAnInputThatWasClosedWhileItWaited() throws Exception {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofShared()) {
            Arena inputs = Arena.ofShared();
            Tensor input = vector(inputs, 2);
            Stub.set("gate", 1);
            var running = Background.start(() -> addedTo(1, model));
            Background.await(() -> Stub.get("runs_waiting") == 1);
            var waiting = Background.start(() -> model.run(arena, input));
            Background.await(() -> waiting.thread().getState() == Thread.State.WAITING);
            inputs.close();
            Stub.set("gate", 0);
            assertEquals(2, running.get());
            assertThrows(IllegalStateException.class, waiting::get);
        }
    }

    @Scenario
    void countsAddUpWhenRunsFailAtRandom() throws Exception {
        int runsOfEach = 1_000;
        Stub.shape(3, "fif");
        Stub.set("failures", 300);
        long runs = Stub.get("runs");
        long failed = Stub.get("runs_failed");
        try (Model model = Stub.load(2)) {
            List<Background<Integer>> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int first = t * runsOfEach;
                threads.add(Background.start(() -> failures(model, first, runsOfEach)));
            }
            int failures = 0;
            for (var thread : threads) {
                failures += thread.get();
            }
            assertEquals(runs + (long) THREADS * runsOfEach, Stub.get("runs"));
            assertEquals(Stub.get("runs_failed") - failed, failures);
            assertTrue(failures > 0, "some runs fail");
        }
    }

    /** Runs on numbers of its own; answers how many of the runs failed. */
    private static int failures(Model model, int first, int count) {
        int failures = 0;
        for (int i = first; i < first + count; i++) {
            try (Arena arena = Arena.ofConfined();
                    Arena other = Arena.ofShared()) {
                Tensor input = vector(arena, i);
                Tensor view = vector(other, i, 8);
                List<Tensor> outputs = model.run(arena, input, view, vector(other, -i));
                assertArrayEquals(new float[] {i + 1}, outputs.get(0).toFloatArray());
                assertArrayEquals(new float[] {i, 8}, outputs.get(1).toFloatArray());
                assertArrayEquals(new float[] {1 - i}, outputs.get(2).toFloatArray());
            } catch (NativeException e) {
                assertEquals("told to fail on " + i, e.nativeMessage());
                failures++;
            }
        }
        return failures;
    }

    @Scenario
    void closesOnceUnderManyRuns() throws Exception {
        for (int i = 0; i < 20; i++) {
            Map<String, Long> before = Stub.alive();
            Stub.set("failures", 100);
            Model model = Stub.load(2);
            List<Background<Integer>> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                threads.add(Background.start(() -> runsUntilClosed(model)));
            }
            long runs = Stub.get("runs");
            Background.await(() -> Stub.get("runs") > runs + 100);
            model.close();
            int finished = 0;
            for (var thread : threads) {
                finished += thread.get();
            }
            assertTrue(finished > 100, "those that had begun have finished");
            assertEquals(before, Stub.alive());
        }
    }

    /** Answers how many runs there were before the model was closed. */
    private static int runsUntilClosed(Model model) {
        for (int runs = 0; ; runs++) {
            try {
                assertEquals(runs + 1, addedTo(runs, model));
            } catch (NativeException e) {
                assertEquals("told to fail on " + runs, e.nativeMessage());
            } catch (IllegalStateException e) {
                assertEquals("model model is closed", e.getMessage());
                return runs;
            }
        }
    }
}
