package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.tensor.ClosedArenas;
import io.github.aoti4j.internal.tensor.TensorView;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Messages name what people know: the place of an input in the call, the tensor that is closed. */
class MessagesTest {
    private static final Fixture ADD_ONE = Fixture.of("add_one");

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void inputsAreNamedByTheirPlaceInTheCall() {
        Fixture kwargs = Fixture.of("kwargs");
        try (Model model = kwargs.load()) {
            assertEquals(Optional.of("args[1][0]"), model.inputs().get(1).path());
            assertEquals(Optional.of("kwargs.scale"), model.inputs().get(3).path());
            Tensor x = Tensor.of(arena, new float[3], 3);
            var e =
                    assertThrows(
                            InvalidInputException.class, () -> model.run(arena, x, x, x, x, x, x));
            assertTrue(e.getMessage().contains("input 3 kwargs.scale (arg3_1)"), e::toString);
            e = assertThrows(InvalidInputException.class, () -> model.run(arena, x));
            assertTrue(e.getMessage().contains("kwargs.scale (arg3_1): float32"), e::toString);
        }
    }

    @Test
    void damagedCallSpecsLeaveTheNames() {
        var damaged =
                new InputNames(
                        List.of("arg0_1"),
                        () -> {
                            throw new IllegalStateException("damaged");
                        });
        assertEquals("input 0 \"arg0_1\"", damaged.label(0));
        var known = new InputNames(List.of("arg0_1"), () -> List.of("args[0]"));
        assertEquals("input 0 args[0] (arg0_1)", known.label(0));
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void closedArenasAreNamed() {
        try (Model model = ADD_ONE.load();
                Runner runner = model.newRunner()) {
            Tensor input;
            try (Arena brief = Arena.ofConfined()) {
                input = Tensor.zeros(brief, DType.FLOAT32, 8, 10);
                runner.bind(0, input);
            }
            String closed = "input 0 args[0] (arg0_1) (float32[8, 10]): its arena is closed";
            assertClosed(closed, () -> model.run(arena, input));
            assertClosed(closed, runner::run);
            assertClosed(
                    "the tensor read (float32[8, 10]): its arena is closed", input::toFloatArray);
        }
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void arenasOfOtherThreadsAreNamed() {
        try (Model model = ADD_ONE.load()) {
            Tensor input = Tensor.zeros(arena, DType.FLOAT32, 8, 10);
            var run =
                    CompletableFuture.runAsync(
                            () -> {
                                try (Arena own = Arena.ofConfined()) {
                                    List<Tensor> _ = model.run(own, input);
                                }
                            });
            var e = assertThrows(CompletionException.class, run::join).getCause();
            assertEquals(WrongThreadException.class, e.getClass());
            assertTrue(e.getMessage().startsWith("input 0 args[0]"), e::toString);
        }
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void whatOperatorsThrowStaysAsItIs() {
        var thrown = new IllegalStateException("Already closed");
        TensorView open = Tensor.of(arena, new float[] {1}, 1).view();
        assertEquals(null, ClosedArenas.explained(thrown, open, "input 0"));
        try (Model model = ADD_ONE.load()) {
            assertSame(
                    thrown, model.loaded().validator().explained(thrown, new TensorView[] {open}));
        }
    }

    @Test
    void arraysWithoutAShapeAskForOne() {
        var e = assertThrows(InvalidInputException.class, () -> Tensor.of(arena, new float[20]));
        assertTrue(e.getMessage().contains("give a shape, such as of(arena, data, 20)"));
    }

    private static void assertClosed(String message, Executable use) {
        var e = assertThrows(IllegalStateException.class, use);
        assertEquals(message, e.getMessage());
        assertEquals("Already closed", e.getCause().getMessage());
    }
}
