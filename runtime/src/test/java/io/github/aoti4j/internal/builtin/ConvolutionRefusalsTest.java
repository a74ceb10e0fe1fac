package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What no convolution can be made of is refused with a message, whatever the sizes. */
@NeedsLibTorch
class ConvolutionRefusalsTest {
    private static final Operator CONVOLUTION = Operator.of("aoti_torch_cpu_convolution");

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "a step of 0, 2 3 8 8, 4 3 3 3, 4, 0, 0, 1, 0, 0, 1",
        "a negative step, 2 3 8 8, 4 3 3 3, 4, -1, 0, 1, 0, 0, 1",
        "negative padding, 2 3 8 8, 4 3 3 3, 4, 1, -1, 1, 0, 0, 1",
        "no dilation, 2 3 8 8, 4 3 3 3, 4, 1, 0, 0, 0, 0, 1",
        "huge padding, 2 3 8 8, 4 3 3 3, 4, 1, 9223372036854775807, 1, 0, 0, 1",
        "padding beyond memory, 1 1 2 2 2, 1 1 1 1 1, 1, 1, 65536, 1, 0, 0, 1",
        "huge dilation, 2 3 8 8, 4 3 3 3, 4, 1, 0, 4611686018427387904, 0, 0, 1",
        "huge step and size, 1 1 2 2, 1 1 1 1, 1, 4611686018427387904, 0, 1, 1, 0, 1",
        "no groups, 2 3 8 8, 4 3 3 3, 4, 1, 0, 1, 0, 0, 0",
        "negative groups, 2 3 8 8, 4 3 3 3, 4, 1, 0, 1, 0, 0, -1",
        "groups that do not divide, 2 4 8 8, 6 1 3 3, 6, 1, 0, 1, 0, 0, 4",
        "more groups than a long holds, 2 4 8 8, 6 4 3 3, 6, 1, 0, 1, 0, 0, 4611686018427387904",
        "other channels, 2 5 8 8, 4 3 3 3, 4, 1, 0, 1, 0, 0, 1",
        "another bias, 2 3 8 8, 4 3 3 3, 5, 1, 0, 1, 0, 0, 1",
        "too large a kernel, 2 3 2 2, 4 3 3 3, 4, 1, 0, 1, 0, 0, 1",
        "an empty kernel, 2 3 8 8, 4 3 0 3, 4, 1, 0, 1, 0, 0, 1",
        "an input of fewer dimensions, 3 8 8, 4 3 3 3, 4, 1, 0, 1, 0, 0, 1",
        "six dimensions, 1 1 2 2 2 2, 1 1 1 1 1 1, 1, 1, 0, 1, 0, 0, 1",
        "two dimensions, 2 3, 4 3, 4, 1, 0, 1, 0, 0, 1",
        "too long a list, 2 3 8 8, 4 3 3 3, 4, 1 1 1, 0, 1, 0, 0, 1",
        "output padding too large, 2 3 8 8, 3 4 3 3, 4, 2, 0, 1, 1, 2, 1",
        "negative output padding, 2 3 8 8, 3 4 3 3, 4, 2, 0, 1, 1, -1, 1",
        "a transposed output of nothing, 2 3 1 1, 3 4 1 1, 4, 1, 1, 1, 1, 0, 1",
    })
    void isRefused(
            String name,
            String input,
            String weight,
            long bias,
            String stride,
            String padding,
            String dilation,
            int transposed,
            String outputPadding,
            long groups) {
        try (BothSides sides = new BothSides()) {
            assertFalse(
                    sides.callOurs(
                            CONVOLUTION,
                            sides.input(TensorSpec.of(DType.FLOAT32, numbers(input))),
                            sides.input(TensorSpec.of(DType.FLOAT32, numbers(weight))),
                            sides.optional(sides.input(TensorSpec.of(DType.FLOAT32, bias))),
                            sides.longs(numbers(stride)),
                            (long) numbers(stride).length,
                            sides.longs(numbers(padding)),
                            (long) numbers(padding).length,
                            sides.longs(numbers(dilation)),
                            (long) numbers(dilation).length,
                            transposed,
                            sides.longs(numbers(outputPadding)),
                            (long) numbers(outputPadding).length,
                            groups,
                            sides.result()),
                    name);
            assertFalse(sides.failure().getMessage().isEmpty());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "int64, int64, int64",
        "bool, bool, bool",
        "float32, float64, float32",
        "float32, bfloat16, float32",
        "float32, float32, float64",
    })
    void dtypesAreNamed(String input, String weight, String bias) {
        try (BothSides sides = new BothSides()) {
            List<DType> dtypes =
                    Stream.of(input, weight, bias)
                            .map(d -> DType.ofTorchName(d).orElseThrow())
                            .toList();
            assertFalse(
                    sides.callOurs(
                            CONVOLUTION,
                            sides.input(TensorSpec.of(dtypes.get(0), 1, 1, 2, 2)),
                            sides.input(TensorSpec.of(dtypes.get(1), 1, 1, 1, 1)),
                            sides.optional(sides.input(TensorSpec.of(dtypes.get(2), 1))),
                            sides.longs(1),
                            1L,
                            sides.longs(0),
                            1L,
                            sides.longs(1),
                            1L,
                            0,
                            sides.longs(0),
                            1L,
                            1L,
                            sides.result()));
            String message = sides.failure().getMessage();
            assertTrue(message.contains(input) && message.contains(weight), message);
        }
    }

    private static long[] numbers(String text) {
        return Arrays.stream(text.trim().split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
