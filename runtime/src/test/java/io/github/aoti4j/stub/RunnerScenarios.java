package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.util.List;

/** Runners whose native calls fail. */
final class RunnerScenarios {
    private static final String RUN = "AOTInductorModelContainerRunSingleThreaded";

    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    private static float first(Runner runner) {
        return runner.output(0).toFloatArray()[0];
    }

    @Scenario
    void runsAgainAfterARunThatFailed() {
        Stub.shape(1, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(vector(arena, 1))) {
            runner.run();
            Tensor before = runner.output(0);
            assertEquals(2, first(runner));
            long alive = Stub.alive().get("tensors");
            for (String function : List.of(RUN, "aoti_torch_new_tensor_handle")) {
                Stub.fail(function, 0, 1);
                var e = assertThrows(NativeException.class, runner::run);
                assertTrue(e.function().startsWith(function), e::toString);
                assertThrows(IllegalStateException.class, () -> runner.output(0));
                assertThrows(IllegalStateException.class, before::toFloatArray);
                assertEquals(alive - 1, Stub.alive().get("tensors"));
                runner.run();
                assertEquals(2, first(runner));
                assertEquals(alive, Stub.alive().get("tensors"));
            }
        }
    }

    @Scenario
    void saysAllThatFailsWhenItIsClosed() {
        Stub.shape(1, "ff");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Runner runner = model.newRunner(vector(arena, 1));
            runner.run();
            Stub.fail("aoti_torch_delete_tensor_object");
            var e = assertThrows(NativeException.class, runner::close);
            // The first output; the second one, and the input.
            assertEquals(2, e.getSuppressed().length);
            Stub.work();
        }
    }

    @Scenario
    void isNotMadeIfAnInputCannotBe() {
        Stub.shape(2, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            long alive = Stub.alive().get("tensors");
            for (int skip = 0; skip < 2; skip++) {
                Stub.fail("aoti_torch_create_tensor_from_blob", skip, 1);
                assertThrows(
                        NativeException.class,
                        () -> model.newRunner(vector(arena, 1), vector(arena, 2)));
                assertEquals(alive, Stub.alive().get("tensors"));
            }
        }
    }

    @Scenario
    void keepsTheInputThatWasBoundIfTheNextCannotBe() {
        Stub.shape(1, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(vector(arena, 1))) {
            Stub.fail("aoti_torch_create_tensor_from_blob", 0, 1);
            assertThrows(NativeException.class, () -> runner.bind(0, vector(arena, 5)));
            runner.run();
            assertEquals(2, first(runner));
        }
    }

    @Scenario
    void goesOnAfterAnOutputThatCannotBeDeleted() {
        Stub.shape(1, "ff");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(vector(arena, 1))) {
            runner.run();
            Stub.fail("aoti_torch_delete_tensor_object", 0, 1);
            assertThrows(NativeException.class, runner::run);
            runner.run();
            assertEquals(2, first(runner));
        }
    }

    @Scenario
    void deletesAHandleThatIsThereTwiceOnce() {
        Stub.shape(1, "fhnh");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(vector(arena, 1))) {
            for (int i = 0; i < 3; i++) {
                runner.run();
                assertEquals(2, runner.output(3).toFloatArray()[0]);
            }
        }
    }

    @Scenario
    void freesTheModelWhenTheLastRunnerIsClosed() {
        Stub.shape(1, "f");
        long containers = Stub.alive().get("containers");
        Model model = Stub.load(1);
        try (Arena arena = Arena.ofConfined()) {
            Runner one = model.newRunner(vector(arena, 1));
            Runner two = model.newRunner(vector(arena, 2));
            two.run();
            model.close();
            one.close();
            assertEquals(containers + 1, Stub.alive().get("containers"));
            assertEquals(3, first(two));
            two.close();
            assertEquals(containers, Stub.alive().get("containers"));
        }
    }
}
