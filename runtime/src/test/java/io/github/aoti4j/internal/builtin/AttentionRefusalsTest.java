package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;

/** What attention cannot be made of is refused with a message; libtorch reads beyond memory. */
@NeedsLibTorch
class AttentionRefusalsTest {
    private static final Operator ATTENTION =
            Operator.of("aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu");

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "fewer heads of keys, 2 4 3 8, 2 2 5 8, 2 2 5 8, , 0, float32, float32",
        "another batch, 2 4 3 8, 1 4 5 8, 1 4 5 8, , 0, float32, float32",
        "another width, 2 4 3 8, 2 4 5 6, 2 4 5 6, , 0, float32, float32",
        "fewer values, 2 4 3 8, 2 4 5 8, 2 4 4 8, , 0, float32, float32",
        "wider values, 2 4 3 8, 2 4 5 8, 2 4 5 9, , 0, float32, float32",
        "three dimensions, 4 3 8, 4 5 8, 4 5 8, , 0, float32, float32",
        "dropout, 2 4 3 8, 2 4 5 8, 2 4 5 8, , 0.5, float32, float32",
        "a mask of other keys, 2 4 3 8, 2 4 5 8, 2 4 5 8, 3 4, 0, float32, float32",
        "a mask of other rows, 2 4 3 8, 2 4 5 8, 2 4 5 8, 2 5, 0, float32, float32",
        "a mask of other heads, 2 4 3 8, 2 4 5 8, 2 4 5 8, 2 2 3 5, 0, float32, float32",
        "a mask of three dimensions, 2 4 3 8, 2 4 5 8, 2 4 5 8, 4 3 5, 0, float32, float32",
        "a mask of bool, 2 4 3 8, 2 4 5 8, 2 4 5 8, 3 5, 0, float32, bool",
        "a mask of double, 2 4 3 8, 2 4 5 8, 2 4 5 8, 3 5, 0, float32, float64",
        "a mask of half, 2 4 3 8, 2 4 5 8, 2 4 5 8, 3 5, 0, bfloat16, float16",
        "integers, 2 4 3 8, 2 4 5 8, 2 4 5 8, , 0, int64, int64",
    })
    void isRefused(
            String name,
            String query,
            String key,
            String value,
            String mask,
            double dropout,
            String dtype,
            String maskDtype) {
        DType type = DType.ofTorchName(dtype).orElseThrow();
        try (BothSides sides = new BothSides()) {
            TestTensor maskTensor =
                    mask == null
                            ? null
                            : sides.input(
                                    TensorSpec.of(
                                            DType.ofTorchName(maskDtype).orElseThrow(),
                                            numbers(mask)));
            assertFalse(
                    sides.callOurs(
                            ATTENTION,
                            sides.input(TensorSpec.of(type, numbers(query))),
                            sides.input(TensorSpec.of(type, numbers(key))),
                            sides.input(TensorSpec.of(type, numbers(value))),
                            dropout,
                            0,
                            sides.optional(maskTensor),
                            sides.optional((Double) null),
                            sides.result(),
                            sides.result()),
                    name);
            String message = sides.failure().getMessage();
            assertTrue(dropout > 0 || message.contains(dtype), message);
        }
    }

    private static long[] numbers(String text) {
        return Arrays.stream(text.trim().split(" ")).mapToLong(Long::parseLong).toArray();
    }
}
