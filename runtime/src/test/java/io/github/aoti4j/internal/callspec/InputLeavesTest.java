package io.github.aoti4j.internal.callspec;

import static io.github.aoti4j.internal.callspec.InputLeaves.Role.CONSTANT;
import static io.github.aoti4j.internal.callspec.InputLeaves.Role.EITHER;
import static io.github.aoti4j.internal.callspec.InputLeaves.Role.TENSOR;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.aoti4j.internal.callspec.InputLeaves.Role;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.IntStream;

class InputLeavesTest {
    private static List<Role> roles(InputLeaves leaves, int count) {
        return IntStream.range(0, count).mapToObj(leaves::role).toList();
    }

    private static int[] chosen(InputLeaves leaves, Object... values) {
        return leaves.chosen(values, String.class);
    }

    @Test
    void allLeavesAreInputsIfThereAreAsMany() {
        InputLeaves leaves = InputLeaves.of(2, List.of("left", "right"));
        assertEquals(List.of(TENSOR, TENSOR), roles(leaves, 2));
        assertArrayEquals(new int[] {0, 1}, leaves.certain());
    }

    @Test
    void noLeafIsAnInputOfAModelWithoutAny() {
        InputLeaves leaves = InputLeaves.of(2, List.of());
        assertEquals(List.of(CONSTANT, CONSTANT), roles(leaves, 2));
        assertArrayEquals(new int[0], leaves.certain());
    }

    @Test
    void gapsInTheNumbersAreConstants() {
        InputLeaves leaves = InputLeaves.of(4, List.of("arg0_1", "arg2_1"));
        assertEquals(List.of(TENSOR, CONSTANT, TENSOR, CONSTANT), roles(leaves, 4));
        assertArrayEquals(new int[] {0, 2}, leaves.certain());
    }

    @Test
    void numbersBehindParametersCountIfTheySpanAllLeaves() {
        InputLeaves leaves = InputLeaves.of(3, List.of("arg10_1", "arg12_1"));
        assertEquals(List.of(TENSOR, CONSTANT, TENSOR), roles(leaves, 3));
        assertArrayEquals(new int[] {0, 2}, leaves.certain());
    }

    @Test
    void whatIsGivenDecidesWhereNumbersDoNot() {
        InputLeaves leaves = InputLeaves.of(4, List.of("arg10_1", "arg11_1", "arg12_1"));
        assertEquals(List.of(EITHER, TENSOR, TENSOR, EITHER), roles(leaves, 4));
        assertNull(leaves.certain());
        assertArrayEquals(new int[] {0, 1, 2}, chosen(leaves, "a", "b", "c", null));
        assertArrayEquals(new int[] {1, 2, 3}, chosen(leaves, 5, "b", "c", "d"));
        assertArrayEquals(new int[] {0, 1, 2}, chosen(leaves, "a", "b", 3, null));
        assertNull(chosen(leaves, "a", "b", null, "d"));
        assertNull(chosen(leaves, "a", "b", "c", "d"));
        assertNull(chosen(leaves, null, "b", "c", null));
    }

    @Test
    void fewParametersExcludePossibilities() {
        // Leaf 0 or leaf 1, since there was at most one parameter before them.
        InputLeaves leaves = InputLeaves.of(4, List.of("arg1_1"));
        assertEquals(List.of(EITHER, EITHER, CONSTANT, CONSTANT), roles(leaves, 4));
        assertNull(chosen(leaves, null, null, "c", null));
        assertArrayEquals(new int[] {1}, chosen(leaves, null, "b", null, null));
    }

    @Test
    void namesThatSayNothingLeaveItToWhatIsGiven() {
        for (List<String> names :
                List.of(
                        List.of("x", "y"),
                        List.of("arg1_1", "arg1_1"),
                        List.of("arg0_1", "arg7_1"),
                        List.of("arg0_1", "arg99999999999_1"))) {
            InputLeaves leaves = InputLeaves.of(3, names);
            assertEquals(List.of(EITHER, EITHER, EITHER), roles(leaves, 3));
            assertArrayEquals(new int[] {0, 2}, chosen(leaves, "a", 3, "c"));
        }
    }
}
