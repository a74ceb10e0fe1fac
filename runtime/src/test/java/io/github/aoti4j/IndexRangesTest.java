package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** Indices out of range are refused before a run: some kernels would end the process. */
@NeedsLibTorch
class IndexRangesTest {
    private static final String TEXT = "text";

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closeArena() {
        arena.close();
    }

    /** Runs the model of a text with a number of a word that there is not. */
    static final class WrongWord {
        public static void main(String[] args) {
            var options = ModelOptions.defaults().checkIndices(Boolean.parseBoolean(args[0]));
            try (Arena arena = Arena.ofConfined();
                    Model model = Model.load(Fixture.of(TEXT).path(), options)) {
                List<Tensor> inputs = Fixture.of(TEXT).inputs("two", model, arena);
                MemorySegment ids = inputs.getFirst().segment();
                long right = ids.getAtIndex(ValueLayout.JAVA_LONG, 5);
                ids.setAtIndex(ValueLayout.JAVA_LONG, 5, 99999);
                try {
                    model.run(arena, inputs);
                } catch (InvalidInputException e) {
                    System.out.println(e.getMessage());
                }
                ids.setAtIndex(ValueLayout.JAVA_LONG, 5, right);
                Golden.assertMatches(
                        Fixture.of(TEXT).outputs("two", arena), model.run(arena, inputs));
                System.out.println("right again");
            }
        }
    }

    @Test
    void aWrongWordEndsTheProcessOnlyWhenUnchecked() throws Exception {
        var unchecked = ChildJvm.run(Children.of(WrongWord.class).with(false));
        assertNotEquals(0, unchecked.exitCode(), unchecked::output);
        assertTrue(unchecked.output().contains("index out of bounds"), unchecked::output);
        assertFalse(unchecked.output().contains("right again"), unchecked::output);

        var checked = ChildJvm.run(Children.of(WrongWord.class).with(true));
        assertEquals(0, checked.exitCode(), checked::output);
        assertTrue(
                checked.output().contains("has 99999 at [0, 5], but the model takes 0 to 99"),
                checked::output);
        assertTrue(checked.output().contains("right again"), checked::output);
    }

    @Test
    void inputsSayWhatTheyTake() {
        try (Model model = Fixture.of(TEXT).load()) {
            var words = model.inputs().getFirst().valueRanges();
            assertEquals(
                    List.of(new ValueRange(OptionalLong.of(0), OptionalLong.of(99), "0 to 99")),
                    words);
            assertEquals("0 to 1", model.inputs().get(1).valueRanges().getFirst().text());
        }
    }

    @Test
    void oneElementAtATime() {
        try (Model model = Fixture.of(TEXT).load()) {
            List<Tensor> inputs = Fixture.of(TEXT).inputs("five", model, arena);
            Tensor ids = inputs.getFirst();
            Tensor kinds = inputs.get(1);
            long[] good = ids.toLongArray();
            for (int i = 0; i < good.length; i++) {
                for (long bad : new long[] {100, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
                    ids.segment().setAtIndex(ValueLayout.JAVA_LONG, i, bad);
                    String place = "has %d at [%d, %d]".formatted(bad, i / 24, i % 24);
                    var e =
                            assertThrows(
                                    InvalidInputException.class, () -> model.run(arena, inputs));
                    assertTrue(e.getMessage().contains(place), e::getMessage);
                    assertFalse(model.accepts(ids, kinds));
                }
                ids.segment().setAtIndex(ValueLayout.JAVA_LONG, i, good[i]);
            }
            assertTrue(model.accepts(ids, kinds));
            Golden.assertMatches(Fixture.of(TEXT).outputs("five", arena), model.run(arena, inputs));
        }
    }

    @Test
    void theSameTensorsAreCheckedInEachRun() {
        try (Model model = Fixture.of(TEXT).load()) {
            List<Tensor> inputs = Fixture.of(TEXT).inputs("two", model, arena);
            MemorySegment kinds = inputs.get(1).segment();
            for (int i = 0; i < 5; i++) {
                Golden.assertMatches(
                        Fixture.of(TEXT).outputs("two", arena), model.run(arena, inputs));
                long right = kinds.getAtIndex(ValueLayout.JAVA_LONG, i);
                kinds.setAtIndex(ValueLayout.JAVA_LONG, i, 2);
                assertThrows(InvalidInputException.class, () -> model.run(arena, inputs));
                kinds.setAtIndex(ValueLayout.JAVA_LONG, i, right);
            }
        }
    }

    @Test
    void aRunnerChecksWhatIsWrittenInPlace() {
        try (Model model = Fixture.of(TEXT).load();
                Runner runner = model.newRunner()) {
            List<Tensor> good = Fixture.of(TEXT).inputs("two", model, arena);
            for (int i = 0; i < 2; i++) {
                runner.allocate(i, good.get(i).shape()).copyFrom(good.get(i));
            }
            for (int i = 0; i < 5; i++) {
                runner.run();
                Golden.assertMatches(
                        Fixture.of(TEXT).outputs("two", arena), List.of(runner.output(0)));
                MemorySegment ids = runner.input(0).segment();
                long right = ids.getAtIndex(ValueLayout.JAVA_LONG, 23);
                ids.setAtIndex(ValueLayout.JAVA_LONG, 23, 100 + i);
                var e = assertThrows(InvalidInputException.class, runner::run);
                assertTrue(e.getMessage().contains("at [1, 11]"), e::getMessage);
                ids.setAtIndex(ValueLayout.JAVA_LONG, 23, right);
            }
            // Other sizes, other elements.
            runner.allocate(0, 1, 3);
            runner.allocate(1, 1, 3);
            runner.run();
            runner.input(1).segment().setAtIndex(ValueLayout.JAVA_LONG, 2, -1);
            assertThrows(InvalidInputException.class, runner::run);
        }
    }

    @Test
    void sizesWithMorePositionsThanTheModelHas() {
        try (Model model = Fixture.of(TEXT).load();
                Runner runner = model.newRunner()) {
            Tensor longText = Tensor.zeros(arena, DType.INT64, 1, 25);
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> model.run(arena, longText, longText));
            assertTrue(e.getMessage().contains("at most 23"), e::getMessage);
            runner.bind(0, longText).bind(1, longText);
            assertThrows(InvalidInputException.class, runner::run);
            // What was computed for those sizes is not used for others.
            List<Tensor> inputs = Fixture.of(TEXT).inputs("five", model, arena);
            for (int i = 0; i < 2; i++) {
                model.run(arena, inputs);
                assertThrows(
                        InvalidInputException.class, () -> model.run(arena, longText, longText));
            }
        }
    }

    /** The inputs of a case of the lookups, with an element of one changed. */
    private Tensor[] changed(Model model, String name, int input, long[] at, long value) {
        Tensor[] inputs = Fixture.of("lookups").inputs(name, model, arena).toArray(Tensor[]::new);
        Tensor tensor = inputs[input];
        long place = 0;
        for (int d = 0; d < at.length; d++) {
            place += at[d] * tensor.strides()[d];
        }
        if (tensor.dtype() == DType.INT32) {
            tensor.segment().setAtIndex(ValueLayout.JAVA_INT, place, (int) value);
        } else {
            tensor.segment().setAtIndex(ValueLayout.JAVA_LONG, place, value);
        }
        return inputs;
    }

    private void assertRefused(Model model, int input, long[] at, long value) {
        var inputs = changed(model, "three", input, at, value);
        var e = assertThrows(InvalidInputException.class, () -> model.run(arena, inputs));
        String found = "has %d at %s".formatted(value, Arrays.toString(at));
        assertTrue(e.getMessage().contains(found), e::getMessage);
        assertFalse(model.accepts(inputs));
    }

    private void assertTaken(Model model, int input, long[] at, long value) {
        var inputs = changed(model, "three", input, at, value);
        assertTrue(model.accepts(inputs));
        assertEquals(8, model.run(arena, inputs).size());
    }

    @Test
    void indicesOfManyKinds() {
        try (Model model = Fixture.of("lookups").load()) {
            // Counted from the end where they are negative.
            assertTaken(model, 0, new long[] {2, 5}, -50);
            assertRefused(model, 0, new long[] {2, 5}, -51);
            assertRefused(model, 0, new long[] {0, 0}, 50);
            // int32, whose last ones do not fill a vector.
            assertTaken(model, 1, new long[] {1, 18}, 49);
            assertRefused(model, 1, new long[] {1, 18}, 50);
            assertRefused(model, 1, new long[] {2, 7}, Integer.MIN_VALUE);
            assertRefused(model, 1, new long[] {0, 16}, Integer.MAX_VALUE);
            // One column.
            assertTaken(model, 2, new long[] {1, 1}, 1L << 40);
            assertTaken(model, 2, new long[] {1, 3}, -1);
            assertRefused(model, 2, new long[] {1, 2}, -1);
            // Rows of another input, and of the table.
            assertTaken(model, 3, new long[] {2}, 6);
            assertRefused(model, 3, new long[] {2}, 7);
            // Columns come first in memory.
            assertTaken(model, 4, new long[] {3, 0}, 49);
            assertRefused(model, 4, new long[] {3, 0}, 50);
            assertRefused(model, 4, new long[] {0, 2}, -1);
            // As many as another input has columns.
            assertTaken(model, 6, new long[] {6, 2}, 8);
            assertRefused(model, 6, new long[] {6, 2}, 9);
        }
    }

    @Test
    void emptyInputs() {
        try (Model model = Fixture.of("lookups").load()) {
            List<Tensor> none = Fixture.of("lookups").inputs("none", model, arena);
            assertTrue(model.accepts(none.toArray(Tensor[]::new)));
            Golden.assertMatches(
                    Fixture.of("lookups").outputs("none", arena), model.run(arena, none));
        }
    }

    @Test
    void uncheckedIndicesFailInTheKernel() {
        var options = ModelOptions.defaults().checkIndices(false);
        assertFalse(options.checkIndices());
        try (Model model = Model.load(Fixture.of("embedding").path(), options)) {
            Tensor bad = Tensor.of(arena, new long[] {3, 10}, 2);
            assertTrue(model.accepts(bad));
            assertThrows(NativeException.class, () -> model.run(arena, bad));
        }
        try (Model model = Fixture.of("embedding").load()) {
            Tensor bad = Tensor.of(arena, new long[] {3, 10}, 2);
            var e = assertThrows(InvalidInputException.class, () -> model.run(arena, bad));
            assertTrue(e.getMessage().endsWith("has 10 at [1], but the model takes 0 to 9"));
            Tensor good = Tensor.of(arena, new long[] {3, 9}, 2);
            assertArrayEquals(new long[] {2, 4}, model.run(arena, good).getFirst().shape());
        }
    }

    @Test
    void nestedCallsNameTheArgument() {
        try (Model model = Fixture.of(TEXT).load()) {
            List<Tensor> inputs = Fixture.of(TEXT).inputs("two", model, arena);
            inputs.getFirst().segment().setAtIndex(ValueLayout.JAVA_LONG, 13, -7);
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> model.call(arena, inputs.get(0), inputs.get(1)));
            assertTrue(e.getMessage().contains("has -7 at [1, 1]"), e::getMessage);
            assertTrue(e.getMessage().contains("args[0]"), e::getMessage);
        }
    }

    /** Loads a model with a check that is left to a parallel kernel, twice. */
    static final class LoadedTwice {
        public static void main(String[] args) {
            for (int i = 0; i < 2; i++) {
                Fixture.of("lookups").load().close();
                Fixture.of(TEXT).load().close();
            }
        }
    }

    @Test
    void oneWarningForEachPackageThatIsNotCheckedAsAWhole() throws Exception {
        var ending = ChildJvm.run(Children.of(LoadedTwice.class).with());
        assertEquals(0, ending.exitCode(), ending::output);
        assertEquals(
                1,
                ending.output().lines().filter(line -> line.contains("ends the process")).count(),
                ending::output);
        assertFalse(ending.output().contains("text.pt2"), ending::output);
    }

    @Test
    void aRunnerThatChecksAllocatesNothing() {
        var bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Model model = Fixture.of("lookups").load();
                Runner runner =
                        model.newRunner(
                                Fixture.of("lookups")
                                        .inputs("many", model, arena)
                                        .toArray(Tensor[]::new))) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 20; round++) {
                long before = bean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    runner.run();
                }
                least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
            }
            // What the JVM itself allocates when it compiles is not per run.
            assertTrue(least < 500, least + " bytes in 500 runs");
        }
    }

    @Test
    void packagesSayWhatIsChecked() {
        try (ModelPackage opened = ModelPackage.open(Fixture.of(TEXT).path())) {
            var description = opened.describe("model");
            assertEquals(
                    "0 to 99", description.inputs().getFirst().valueRanges().getFirst().text());
            assertEquals(List.of(), description.uncheckedIndices());
        }
        try (ModelPackage opened = ModelPackage.open(Fixture.of("chosen").path())) {
            var unchecked = opened.describe("model").uncheckedIndices();
            assertEquals(1, unchecked.size());
            assertFalse(unchecked.getFirst().endsProcess());
        }
    }
}
