package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.bindings.model.RunArguments;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;

/** Arenas that are closed, that belong to other threads, or that somebody closes during a run. */
final class ArenaScenarios {
    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    /** Demands that a run throws, and that it leaves no tensor behind. */
    private static void fails(
            Class<? extends Throwable> expected, Model model, Arena arena, Tensor... inputs) {
        long before = Stub.alive().get("tensors");
        assertThrows(expected, () -> model.run(arena, inputs));
        assertEquals(before, Stub.alive().get("tensors"));
    }

    @Scenario
    void doesNotRunOnAClosedInput() {
        Stub.shape(3, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Arena closed = Arena.ofShared();
            Tensor gone = vector(closed, 1);
            closed.close();
            Tensor good = vector(arena, 1);
            long runs = Stub.get("runs");
            fails(IllegalStateException.class, model, arena, gone, good, good);
            fails(IllegalStateException.class, model, arena, good, good, gone);
            assertEquals(runs, Stub.get("runs"));
        }
    }

    @Scenario
    void doesNotRunOnAnInputOfAnotherThread() throws Exception {
        Stub.shape(2, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                var owner = Executors.newSingleThreadExecutor()) {
            Arena confined = owner.submit(() -> Arena.ofConfined()).get();
            Tensor foreign = owner.submit(() -> vector(confined, 1)).get();
            Tensor good = vector(arena, 1);
            long runs = Stub.get("runs");
            fails(WrongThreadException.class, model, arena, foreign, good);
            fails(WrongThreadException.class, model, arena, good, foreign);
            assertEquals(runs, Stub.get("runs"));
            owner.submit(confined::close).get();
        }
    }

    @Scenario
    void refusesAClosedArenaForTheOutputs() {
        Stub.shape(1, "ffnu");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1);
            for (Arena closed : List.of(Arena.ofConfined(), Arena.ofShared())) {
                closed.close();
                fails(IllegalStateException.class, model, closed, input);
            }
            assertEquals(2, model.run(arena, input).getFirst().toFloatArray()[0]);
        }
    }

    @Scenario
    void refusesAnotherThreadsArenaForTheOutputs() throws Exception {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                var owner = Executors.newSingleThreadExecutor()) {
            Arena confined = owner.submit(() -> Arena.ofConfined()).get();
            fails(WrongThreadException.class, model, confined, vector(arena, 1));
            owner.submit(confined::close).get();
        }
    }

    @Scenario
    void refusesABadArenaAlsoForOutputsThatNeedNone() {
        Stub.shape(1, "i");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Arena closed = Arena.ofShared();
            closed.close();
            fails(IllegalStateException.class, model, closed, vector(arena, 1));
        }
    }

    @Scenario
    void deletesOutputsWhoseArenaWasClosedDuringTheRun() throws Exception {
        Stub.shape(1, "fi");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofShared()) {
            Tensor input = vector(arena, 1);
            Arena outputs = Arena.ofShared();
            long before = Stub.alive().get("tensors");
            Stub.set("gate", 1);
            var run = Background.start(() -> model.run(outputs, input));
            Background.await(() -> Stub.get("runs_waiting") == 1);
            outputs.close();
            Stub.set("gate", 0);
            assertThrows(IllegalStateException.class, run::get);
            assertEquals(before, Stub.alive().get("tensors"));
        }
    }

    @Scenario
    void holdsTheArenasOfFewInputsOpen() throws Exception {
        holdsArenasOpen(1);
        holdsArenasOpen(4);
    }

    @Scenario
    void holdsTheArenasOfManyInputsOpen() throws Exception {
        holdsArenasOpen(5);
        holdsArenasOpen(20);
    }

    @Scenario
    void holdsAsManyArenasOpenAsThereIsRoomFor() throws Exception {
        holdsArenasOpen(RunArguments.MAX_OPEN);
    }

    @Scenario
    void refusesInputsOfMoreArenas() {
        int count = RunArguments.MAX_OPEN + 1;
        Stub.shape(count, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            List<Arena> arenas = new ArrayList<>();
            Tensor[] inputs = new Tensor[count];
            for (int i = 0; i < count; i++) {
                arenas.add(Arena.ofShared());
                inputs[i] = vector(arenas.getLast(), i);
            }
            long runs = Stub.get("runs");
            fails(InvalidInputException.class, model, arena, inputs);
            assertEquals(runs, Stub.get("runs"));
            arenas.forEach(Arena::close);
        }
    }

    @Scenario
    void aRunnerRefusesAnInputOfOneArenaMoreAndGoesOnWithTheOthers() {
        int last = RunArguments.MAX_OPEN;
        Stub.shape(last + 1, "f");
        List<Arena> arenas = new ArrayList<>();
        Tensor[] inputs = new Tensor[last + 1];
        for (int i = 0; i <= last; i++) {
            arenas.add(Arena.ofShared());
            inputs[i] = vector(arenas.getLast(), i);
        }
        Tensor own = inputs[last];
        inputs[last] = vector(arenas.getFirst(), 5);
        try (Model model = Stub.load(1);
                Runner runner = model.newRunner(inputs)) {
            assertThrows(InvalidInputException.class, () -> runner.bind(last, own));
            assertSame(inputs[last], runner.input(last));
            runner.run();
            long runs = Stub.get("runs");
            arenas.get(last - 1).close();
            assertThrows(IllegalStateException.class, runner::run);
            assertEquals(runs, Stub.get("runs"));
            runner.bind(last - 1, own);
            runner.run();
        }
        arenas.remove(last - 1);
        arenas.forEach(Arena::close);
    }

    /** Runs on inputs with an arena for each, and tries to close them in the middle of the run. */
    private static void holdsArenasOpen(int count) throws Exception {
        Stub.shape(count, "f".repeat(Math.min(count, 60)));
        try (Model model = Stub.load(1);
                Arena outputArena = Arena.ofShared()) {
            List<Arena> arenas = new ArrayList<>();
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                arenas.add(Arena.ofShared());
                inputs.add(vector(arenas.getLast(), i));
            }
            Stub.set("gate", 1);
            var run = Background.start(() -> model.run(outputArena, inputs));
            Background.await(() -> Stub.get("runs_waiting") == 1 || run.isDone());
            if (run.isDone()) {
                fail("the run did not wait, but returned " + run.get());
            }
            for (Arena arena : arenas) {
                assertThrows(IllegalStateException.class, arena::close);
            }
            Stub.set("gate", 0);
            List<Tensor> outputs = run.get();
            for (int i = 0; i < outputs.size(); i++) {
                assertArrayEquals(new float[] {i + 1}, outputs.get(i).toFloatArray());
            }
            arenas.forEach(Arena::close);
        }
    }

    @Scenario
    void letsArenasGoAfterAFailure() {
        Stub.shape(5, "f");
        try (Model model = Stub.load(1);
                Arena outputs = Arena.ofConfined()) {
            List<Arena> arenas = new ArrayList<>();
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                arenas.add(Arena.ofShared());
                inputs.add(vector(arenas.getLast(), i));
            }
            Stub.fail(Stub.RUN_SINGLE_THREADED);
            fails(NativeException.class, model, outputs, inputs.toArray(Tensor[]::new));
            arenas.forEach(Arena::close);
            assertFalse(arenas.getLast().scope().isAlive());
        }
    }

    @Scenario
    void runsOnManyInputsOfOneArena() {
        Stub.shape(100, "f".repeat(60));
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofShared()) {
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                inputs.add(vector(arena, i));
            }
            assertEquals(60, model.run(arena, inputs).get(59).toFloatArray()[0]);
        }
    }
}
