package io.github.aoti4j.internal.inputs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.WrapperText;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;

class InputCheckTest {
    private static final int CPU = 0;
    private static final int FLOAT32 = DType.FLOAT32.code();

    /** x: float32 [s77: 1..1024, 10], row-major. */
    private static InputCheck matrix() {
        return check(
                new WrapperText()
                        .input(
                                "arg0_1",
                                "float32",
                                "arg0_1_size[0] < 2",
                                "arg0_1_size[0] > 1024",
                                "10 != arg0_1_size[1]",
                                "10 != arg0_1_stride[0]",
                                "1 != arg0_1_stride[1]")
                        .prologue("int64_t s77 = arg0_1_size[0];")
                        .asserted("arg0_1", "{s77, 10L}", "{10L, 1L}"));
    }

    /** x and y: float32 [s0, s1], both of the same sizes and row-major. */
    private static InputCheck pair() {
        return check(
                new WrapperText()
                        .input("arg0_1", "float32", "1 != arg0_1_stride[1]")
                        .input("arg1_1", "float32", "1 != arg1_1_stride[1]")
                        .prologue("int64_t s0 = arg0_1_size[0];")
                        .prologue("int64_t s1 = arg0_1_size[1];")
                        .asserted("arg0_1", "{s0, s1}", "{s1, 1L}")
                        .asserted("arg1_1", "{s0, s1}", "{s1, 1L}"));
    }

    private static InputCheck check(WrapperText text) {
        return new InputCheck(text.parse(), new InputNames(List.of("x", "y"), List::of));
    }

    private static long[] sizes(long... sizes) {
        return sizes;
    }

    private static long[] strides(long... strides) {
        return strides;
    }

    /** Checks row-major float32 tensors on the CPU. */
    private static void run(InputCheck check, long[]... sizes) {
        long[][] strides = new long[sizes.length][];
        for (int i = 0; i < sizes.length; i++) {
            strides[i] = Shapes.contiguousStrides(sizes[i]);
        }
        run(check, sizes, strides);
    }

    private static void run(InputCheck check, long[][] sizes, long[][] strides) {
        boolean accepted = accepts(check, sizes, strides);
        long[] slots = new long[check.slotCount()];
        try {
            for (int i = 0; i < sizes.length; i++) {
                check.check(i, FLOAT32, sizes[i].length, sizes[i], strides[i], CPU, slots);
            }
            check.checkExpressions(slots);
        } catch (InvalidInputException e) {
            assertFalse(accepted, "accepted what is refused");
            throw e;
        }
        assertTrue(accepted, "not accepted what is not refused");
    }

    /** The same without exceptions; the slots hold what earlier inputs left there. */
    private static boolean accepts(InputCheck check, long[][] sizes, long[][] strides) {
        long[] slots = new long[check.slotCount()];
        Arrays.fill(slots, 99);
        for (int i = 0; i < sizes.length; i++) {
            if (!check.accepts(i, FLOAT32, sizes[i].length, sizes[i], strides[i], CPU, slots)) {
                return false;
            }
        }
        return check.acceptsExpressions(slots);
    }

    private static void refuses(String message, Runnable call) {
        var e = assertThrows(InvalidInputException.class, call::run);
        assertEquals(message, e.getMessage());
    }

    @Test
    void acceptsWhatFits() {
        run(matrix(), sizes(3, 10));
        run(matrix(), sizes(1, 10));
        run(matrix(), sizes(1024, 10));
        run(pair(), sizes(3, 4), sizes(3, 4));
    }

    @Test
    void refusesAnotherDtype() {
        var check = matrix();
        refuses(
                "input 0 \"x\": must be float32, but is float64",
                () ->
                        check.check(
                                0,
                                DType.FLOAT64.code(),
                                2,
                                sizes(3, 10),
                                strides(10, 1),
                                CPU,
                                new long[check.slotCount()]));
        refuses(
                "input 0 \"x\": must be float32, but is of a dtype without a name, number 99",
                () ->
                        check.check(
                                0,
                                99,
                                2,
                                sizes(3, 10),
                                strides(10, 1),
                                CPU,
                                new long[check.slotCount()]));
    }

    @Test
    void refusesAnotherDevice() {
        var check = matrix();
        refuses(
                "input 0 \"x\": must be on cpu, but is on cuda",
                () ->
                        check.check(
                                0,
                                FLOAT32,
                                2,
                                sizes(3, 10),
                                strides(10, 1),
                                1,
                                new long[check.slotCount()]));
    }

    @Test
    void refusesAnotherRank() {
        refuses(
                "input 0 \"x\": must have 2 dimensions, [s77: 1..1024, 10], but has 1 (shape [10])",
                () -> run(matrix(), sizes(10)));
        refuses(
                "input 0 \"x\": must have 2 dimensions, [s77: 1..1024, 10], but has 3 (shape [1,"
                        + " 10, 1])",
                () -> run(matrix(), sizes(1, 10, 1)));
    }

    @Test
    void looksOnlyAtTheFirstDimensionsOfLongerArrays() {
        var check = matrix();
        long[] slots = new long[check.slotCount()];
        check.check(0, FLOAT32, 2, sizes(3, 10, 0, 0), strides(10, 1, 0, 0), CPU, slots);
        check.checkExpressions(slots);
        refuses(
                "input 0 \"x\": dimension 1 must be 10, but is 9 (shape [3, 9])",
                () ->
                        check.check(
                                0, FLOAT32, 2, sizes(3, 9, 0, 0), strides(9, 1, 0, 0), CPU, slots));
    }

    @Test
    void refusesSizesOutsideTheRange() {
        refuses(
                "input 0 \"x\": dimension 1 must be 10, but is 12 (shape [3, 12])",
                () -> run(matrix(), sizes(3, 12)));
        refuses(
                "input 0 \"x\": dimension 0 must be at least 1, but is 0 (shape [0, 10]);"
                        + " ModelOptions.allowEmptyInputs(true) accepts it",
                () -> run(matrix(), sizes(0, 10)));
        refuses(
                "input 0 \"x\": dimension 0 must be at most 1024, but is 1025 (shape [1025, 10])",
                () -> run(matrix(), sizes(1025, 10)));
    }

    @Test
    void takesEmptyInputsWhereExportOnlyAssumedThatThereAreNone() {
        var text =
                new WrapperText()
                        .input("arg0_1", "float32", "arg0_1_size[0] < 2")
                        .input("arg1_1", "float32", "arg1_1_size[0] < 5", "arg1_1_size[1] < 3")
                        .prologue("int64_t s0 = arg0_1_size[0];")
                        .prologue("int64_t s1 = arg1_1_size[1];")
                        .asserted("arg0_1", "{s0}", "{1L}")
                        .asserted("arg1_1", "{1L + (2L*s0), s1}", "{s1, 1L}");
        var check = new InputCheck(text.parse(), new InputNames(List.of("x", "y"), List::of), true);
        run(check, sizes(0), sizes(1, 3));
        run(check, sizes(2), sizes(5, 3));
        refuses(
                "input 1 \"y\": dimension 0 must be at least 1, but is 0 (shape [0, 3])",
                () -> run(check, sizes(0), sizes(0, 3)));
        // A range that was declared to begin there: export itself assumes 2 at most.
        refuses(
                "input 1 \"y\": dimension 1 must be at least 3, but is 0 (shape [1, 0])",
                () -> run(check, sizes(0), sizes(1, 0)));
        refuses(
                "input 0 \"x\": dimension 0 must be at least 1, but is 0 (shape [0]);"
                        + " ModelOptions.allowEmptyInputs(true) accepts it",
                () -> run(check(text), sizes(0), sizes(1, 3)));
    }

    @Test
    void takesMinimaAboveTwoAsTheyAre() {
        var check = check(new WrapperText().input("arg0_1", "float32", "arg0_1_size[0] < 3"));
        run(check, sizes(3));
        refuses(
                "input 0 \"x\": dimension 0 must be at least 3, but is 2 (shape [2])",
                () -> run(check, sizes(2)));
    }

    @Test
    void refusesSizesThatDifferBetweenInputs() {
        refuses(
                "input 1 \"y\": dimension 0 must be s0 = 3, the size of dimension 0 of input 0"
                        + " \"x\", but is 5",
                () -> run(pair(), sizes(3, 4), sizes(5, 4)));
    }

    @Test
    void comparesExpressionsOfSizes() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "arg0_1_size[0] < 3")
                                .input("arg1_1", "float32", "arg1_1_size[0] < 2")
                                .prologue("int64_t arg0_1_size_0 = arg0_1_size[0];")
                                .prologue("int64_t s86 = (-1L) + arg0_1_size_0;")
                                .asserted("arg0_1", "{1L + s86, }", "{1L, }")
                                .asserted("arg1_1", "{s86, }", "{1L, }"));
        run(check, sizes(8), sizes(7));
        refuses(
                "input 1 \"y\": dimension 0 must be s86 = 7 (s86 = 7 = -1 + arg0_1_size_0), but is"
                        + " 8",
                () -> run(check, sizes(8), sizes(8)));
    }

    @Test
    void comparesWithSymbolsThatLaterInputsDefine() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "arg0_1_size[0] < 2")
                                .input("arg1_1", "float32", "arg1_1_size[0] < 2")
                                .prologue("int64_t s1 = arg1_1_size[0];")
                                .asserted("arg0_1", "{2L*s1, }", "{1L, }")
                                .asserted("arg1_1", "{s1, }", "{1L, }"));
        run(check, sizes(8), sizes(4));
        refuses(
                "input 0 \"x\": dimension 0 must be 2*s1 = 10 (s1 = 5, the size of dimension 0 of"
                        + " input 1 \"y\"), but is 8",
                () -> run(check, sizes(8), sizes(5)));
    }

    @Test
    void refusesSizesThatAreNotOfTheForm() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "arg0_1_size[0] < 4")
                                .prologue("int64_t arg0_1_size_0 = arg0_1_size[0];")
                                .prologue("int64_t s39 = (1.0/2.0)*arg0_1_size_0;")
                                .asserted("arg0_1", "{2L*s39, }", "{1L, }"));
        run(check, sizes(8));
        refuses(
                "input 0 \"x\": dimension 0 must be 2*s39 = 6 (s39 = 3 = 1/2*arg0_1_size_0), but"
                        + " is 7",
                () -> run(check, sizes(7)));
    }

    @Test
    void refusesOtherStrides() {
        refuses(
                "input 0 \"x\": must have strides [10, 1], but has [1, 3] (shape [3, 10]); copy it"
                        + " into a tensor with those strides",
                () -> run(matrix(), new long[][] {sizes(3, 10)}, new long[][] {strides(1, 3)}));
        refuses(
                "input 1 \"y\": the stride of dimension 0 must be s1 = 4, the size of dimension 1"
                        + " of input 0 \"x\", but is 8; copy it into a tensor with strides [s1, 1]",
                () ->
                        run(
                                pair(),
                                new long[][] {sizes(3, 4), sizes(3, 4)},
                                new long[][] {strides(4, 1), strides(8, 1)}));
    }

    @Test
    void leavesStridesThatMoveNothingUnchecked() {
        run(matrix(), new long[][] {sizes(1, 10)}, new long[][] {strides(77, 1)});
        run(
                pair(),
                new long[][] {sizes(1, 4), sizes(1, 4)},
                new long[][] {strides(4, 1), strides(99, 1)});
        run(
                pair(),
                new long[][] {sizes(0, 4), sizes(0, 4)},
                new long[][] {strides(5, 6), strides(7, 8)});
    }

    @Test
    void takesSymbolsFromStrides() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "arg0_1_size[0] < 2")
                                .prologue("int64_t s21 = arg0_1_size[1];")
                                .prologue("int64_t arg0_1_stride_0 = arg0_1_stride[0];")
                                .prologue("int64_t s62 = arg0_1_stride_0*1.0/s21;")
                                .asserted("arg0_1", "{8L, s21}", "{s21*s62, s62}"));
        run(check, new long[][] {sizes(8, 5)}, new long[][] {strides(10, 2)});
        run(check, new long[][] {sizes(8, 5)}, new long[][] {strides(5, 1)});
        refuses(
                "input 0 \"x\": the stride of dimension 1 must be s62 = 2 (s62 = 2 ="
                        + " arg0_1_stride_0*1/s21), but is 1; copy it into a tensor with strides"
                        + " [s21*s62, s62]",
                () -> run(check, new long[][] {sizes(8, 5)}, new long[][] {strides(10, 1)}));
        assertArrayEquals(strides(5, 1), check.stridesFor(0, new long[][] {sizes(8, 5)}));
    }

    @Test
    void refusesSizesWithWhichTheModelWouldDivideByZero() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32")
                                .prologue("int64_t s0 = arg0_1_size[0];")
                                .prologue("int64_t s1 = arg0_1_size[1];")
                                .prologue("int64_t s2 = s1 / s0;")
                                .asserted("arg0_1", "{s0, s1 % s0}", "{1L, 1L}"));
        refuses(
                "the model computes s2 = s1/s0 from the sizes of its inputs, which divides by zero"
                        + " (s0 = 0, the size of dimension 0 of input 0 \"x\"; s1 = 4, the size of"
                        + " dimension 1 of input 0 \"x\")",
                () -> run(check, sizes(0, 4)));
    }

    @Test
    void leavesUnknownExpressionsUnchecked() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32")
                                .asserted("arg0_1", "{std::pow(2, 3), 5L}", "{f(x), 1L}"));
        run(check, sizes(8, 5));
        run(check, new long[][] {sizes(9, 5)}, new long[][] {strides(77, 1)});
        refuses(
                "input 0 \"x\": dimension 1 must be 5, but is 4 (shape [9, 4])",
                () -> run(check, sizes(9, 4)));
    }

    @Test
    void requiresAtLeastTheDimensionsItKnows() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "8 != arg0_1_size[0]")
                                .prologue("int64_t s5 = arg0_1_size[1];"));
        run(check, sizes(8, 3));
        run(check, sizes(8, 3, 4));
        refuses(
                "input 0 \"x\": must have at least 2 dimensions, [8, s5, …], but has 1 (shape [8])",
                () -> run(check, sizes(8)));
    }

    @Test
    void returnsTheStridesThatAModelRequires() {
        var check =
                check(
                        new WrapperText()
                                .input("arg0_1", "float32", "1 != arg0_1_stride[1]")
                                .input("arg1_1", "float32")
                                .prologue("int64_t s1 = arg0_1_size[0];")
                                .prologue("int64_t s2 = arg0_1_size[2];")
                                .asserted("arg0_1", "{s1, 3L, s2, 8L}", "{24L*s2, 1L, 24L, 3L}")
                                .asserted("arg1_1", "{s2, s1}", "{1L, s2}"));
        long[][] sizes = {sizes(2, 3, 5, 8), sizes(5, 2)};
        assertArrayEquals(strides(120, 1, 24, 3), check.stridesFor(0, sizes));
        assertArrayEquals(strides(1, 5), check.stridesFor(1, sizes));
        assertArrayEquals(strides(1), check.stridesFor(0, new long[][] {sizes(7), sizes(5, 2)}));
    }

    @Test
    void numbersInputsWithoutNames() {
        var names = new InputNames(List.of(""), List::of);
        assertEquals("input 0", names.label(0));
        assertEquals("input 1", names.label(1));
    }
}
