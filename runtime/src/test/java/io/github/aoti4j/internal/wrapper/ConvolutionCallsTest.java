package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
}
