package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.internal.cpp.SizeExpression;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Whether the built-in engine is slower for a model's convolutions stands in its source. */
class ConvolutionCallsTest {
    private static String call(String groups) {
        return "CHECK(aoti_torch_cpu_convolution(arg6_1, w, &ref(b.get()), std::array<int64_t,"
                + " 2>{2L, 2L}.cbegin(), 2, 0, std::array<int64_t, 2>{0L, 0L}.cbegin(), 2, "
                + groups
                + ", &buf0_handle));\n";
    }

    @Test
    void groupsAreFound() {
        assertTrue(ConvolutionCalls.haveGroups(call("1L") + call("32L")));
        assertTrue(ConvolutionCalls.haveGroups(call("2")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1L", "1", "s0", "99999999999L"})
    void oneGroupAndWhatIsNoLiteralAreNot(String groups) {
        assertFalse(ConvolutionCalls.haveGroups(call(groups)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "aoti_torch_cpu_convolution(",
                "aoti_torch_cpu_convolution()",
                "aoti_torch_cpu_convolution(a, 4L",
                "f(1, 2, 3); aoti_torch_cpu_convolution(x)"
            })
    void whatIsNoCallIsNot(String source) {
        assertFalse(ConvolutionCalls.haveGroups(source));
    }

    /** An input with these sizes; 0 stands for one that varies. */
    private static List<InputSpec> input(long... sizes) {
        List<DimensionSpec> dimensions = new ArrayList<>();
        for (long size : sizes) {
            SizeExpression expression =
                    size == 0
                            ? new SizeExpression.Symbol("s0", 0)
                            : new SizeExpression.Literal(size);
            dimensions.add(new DimensionSpec(0, 0, 1 << 20, expression, expression));
        }
        return List.of(
                new InputSpec(
                        0,
                        "arg0_1",
                        Optional.empty(),
                        OptionalInt.empty(),
                        true,
                        dimensions,
                        false,
                        false));
    }

    @Test
    void largeImagesAreThoseOfManyElements() {
        assertFalse(ConvolutionCalls.areOfLargeImages(call("1L"), input(0, 3, 8, 8)));
        assertFalse(ConvolutionCalls.areOfLargeImages(call("1L"), input(1, 3, 16, 32)));
        assertTrue(ConvolutionCalls.areOfLargeImages(call("1L"), input(1, 3, 16, 33)));
        assertTrue(ConvolutionCalls.areOfLargeImages(call("1L"), input(1, 3, 0, 2)));
        assertTrue(
                ConvolutionCalls.areOfLargeImages(
                        call("1L"), input(1, 3, Long.MAX_VALUE, Long.MAX_VALUE, 9)));
        assertFalse(ConvolutionCalls.areOfLargeImages(call("1L"), input(1, 4096, 768)));
        assertFalse(ConvolutionCalls.areOfLargeImages("", input(1, 3, 224, 224)));
    }
}
