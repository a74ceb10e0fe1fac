package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** What operators written in Java do with the model that is calling them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@NeedsLibTorch
class NestedRunsTest {
    private static final Fixture FIXTURE = Fixture.of("custom_scale_add");
    private static final Path IN_SO = FIXTURE.path();

    /** What the operator does before it computes. */
    private static final AtomicReference<Callable<?>> BEFORE = new AtomicReference<>();

    private static OperatorLibrary operators;

    @BeforeAll
    static void register() {
        operators =
                OperatorLibrary.create()
                        .register(
                                DemoOperators.SCALE_ADD,
                                call -> {
                                    run(BEFORE.get());
                                    return DemoOperators.scaleAdd(call);
                                });
    }

    @AfterAll
    static void takeBack() {
        operators.close();
    }

    @BeforeEach
    void nothingBefore() {
        BEFORE.set(() -> null);
    }

    private static void run(Callable<?> work) {
        try {
            work.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Model load(int runners) {
        return Model.load(IN_SO, ModelOptions.defaults().runners(runners));
    }

    private static void assertRight(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            var outputs = model.run(arena, FIXTURE.inputs("rows7", model, arena));
            Golden.assertMatches(FIXTURE.outputs("rows7", arena), outputs);
        }
    }

    /** Does something in the next call of the operator, and not in those within it. */
    private static void once(Callable<?> work) {
        BEFORE.set(
                () -> {
                    BEFORE.set(() -> null);
                    return work.call();
                });
    }

    @Test
    void aRunWithinARunIsRefusedWhereItWouldWaitForItself() {
        try (Model model = load(1)) {
            once(
                    () -> {
                        assertRight(model);
                        return null;
                    });
            var e = assertThrows(IllegalStateException.class, () -> assertRight(model));
            assertTrue(e.getMessage().contains("ModelOptions.runners"), e::toString);
            assertRight(model);
        }
    }

    @Test
    void aRunnerThatWasRefusedWithinARunGoesOn() {
        try (Model model = load(1);
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                FIXTURE.inputs("rows7", model, arena).toArray(Tensor[]::new))) {
            once(() -> assertThrows(IllegalStateException.class, runner::run));
            assertRight(model);
            runner.run();
            Golden.assertMatches(
                    FIXTURE.outputs("rows7", arena), List.of(runner.output(0), runner.output(1)));
        }
    }

    @Test
    void aRunWithinARunHasARunnerOfItsOwn() {
        try (Model model = load(2)) {
            var depth = new AtomicInteger();
            BEFORE.set(
                    () -> {
                        if (depth.getAndIncrement() == 0) {
                            assertRight(model);
                        }
                        return null;
                    });
            assertRight(model);
            assertTrue(depth.get() > 1);
        }
    }

    /** Each has the one permit that the other waits for. */
    @Test
    void runsThatWaitForOneAnotherAreNotAllLeftWaiting() throws Exception {
        try (Model model = load(2);
                var pool = Executors.newFixedThreadPool(2)) {
            var inside = new CyclicBarrier(2);
            var entered = new AtomicInteger();
            BEFORE.set(
                    () -> {
                        if (entered.getAndIncrement() < 2) {
                            inside.await();
                            assertRight(model);
                        }
                        return null;
                    });
            List<Future<Boolean>> runs = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                runs.add(
                        pool.submit(
                                () -> {
                                    try {
                                        assertRight(model);
                                        return true;
                                    } catch (IllegalStateException e) {
                                        return false;
                                    }
                                }));
            }
            assertEquals(
                    1,
                    Arrays.asList(runs.get(0).get(), runs.get(1).get()).stream()
                            .filter(right -> right)
                            .count());
            assertRight(model);
        }
    }

    @Test
    void constantsAreNotReplacedFromWithinARun() {
        try (Model model = load(2)) {
            once(
                    () -> {
                        updateToTheSame(model);
                        return null;
                    });
            var e = assertThrows(IllegalStateException.class, () -> assertRight(model));
            assertTrue(e.getMessage().contains("constants"), e::toString);
            updateToTheSame(model);
            assertRight(model);
        }
    }

    private static void updateToTheSame(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            String name = model.constants().list().getFirst().fqn();
            model.constants().update(Map.of(name, model.constants().read(arena, name)));
        }
    }

    /** The update waits for the run, and what the run waits for must not wait for the update. */
    @Test
    void anUpdateWaitsForRunsWithinRuns() throws Exception {
        try (Model model = load(2);
                var other = Executors.newSingleThreadExecutor()) {
            var begun = new CountDownLatch(1);
            var update = new AtomicReference<Future<?>>();
            once(
                    () -> {
                        update.set(
                                other.submit(
                                        () -> {
                                            begun.countDown();
                                            updateToTheSame(model);
                                        }));
                        begun.await();
                        // Most likely the update is waiting for this run by now.
                        TimeUnit.MILLISECONDS.sleep(50);
                        assertFalse(update.get().isDone());
                        try (Arena arena = Arena.ofConfined()) {
                            String name = model.constants().list().getFirst().fqn();
                            model.constants().read(arena, name);
                        }
                        assertRight(model);
                        return null;
                    });
            assertRight(model);
            update.get().get();
            assertRight(model);
        }
    }

    @Test
    void aRunnersOldViewIsDeadDuringItsNextRun() {
        try (Model model = load(1);
                Arena arena = Arena.ofConfined();
                Runner runner =
                        model.newRunner(
                                FIXTURE.inputs("rows7", model, arena).toArray(Tensor[]::new))) {
            runner.run();
            Tensor old = runner.output(0);
            float[] expected = old.toFloatArray();
            once(() -> assertThrows(IllegalStateException.class, old::toFloatArray));
            runner.run();
            assertArrayEquals(expected, runner.output(0).toFloatArray());
        }
    }

    @Test
    @SuppressWarnings("try") // closed by the operator
    void whatARunUsesIsNotClosedUnderIt() {
        try (Model model = load(1);
                Arena outputs = Arena.ofConfined();
                Arena inputs = Arena.ofConfined()) {
            List<Tensor> given = FIXTURE.inputs("rows7", model, inputs);
            once(
                    () -> {
                        model.close();
                        assertThrows(IllegalStateException.class, inputs::close);
                        return null;
                    });
            Golden.assertMatches(FIXTURE.outputs("rows7", inputs), model.run(outputs, given));
            assertThrows(IllegalStateException.class, () -> model.run(outputs, given));
        }
    }

    @Test
    @SuppressWarnings("try") // closed by the operator
    void anArenaForTheOutputsThatIsClosedInTheRunMakesItFail() {
        try (Model model = load(1);
                Arena inputs = Arena.ofConfined()) {
            List<Tensor> given = FIXTURE.inputs("rows7", model, inputs);
            Arena outputs = Arena.ofConfined();
            once(
                    () -> {
                        outputs.close();
                        return null;
                    });
            assertThrows(IllegalStateException.class, () -> model.run(outputs, given));
            assertRight(model);
        }
    }

    @Test
    void operatorsAreTakenBackByThemselves() {
        try (Model model = load(1)) {
            once(
                    () -> {
                        operators.close();
                        return null;
                    });
            // The first call goes on; the model makes a second.
            assertThrows(OperatorException.class, () -> assertRight(model));
            register();
            assertRight(model);
        }
    }
}
