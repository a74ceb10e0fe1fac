package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;

/**
 * Compares outputs with PyTorch's: integers and bools exactly, floats with the tolerance of
 * assert_close.
 */
public final class Golden {
    private Golden() {}

    public static void assertMatches(List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size(), "number of outputs");
        for (int i = 0; i < expected.size(); i++) {
            assertMatches("output " + i, expected.get(i), actual.get(i));
        }
    }

    public static void assertMatches(String what, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertArrayEquals(expected.shape(), actual.shape(), what);
        if (expected.dtype().isFloatingPoint() || expected.dtype().isComplex()) {
            double[] e = expected.toDoubleArray();
            double[] a = actual.toDoubleArray();
            for (int i = 0; i < e.length; i++) {
                String where = "%s, element %d: %s, expected %s".formatted(what, i, a[i], e[i]);
                boolean same = e[i] == a[i] || (Double.isNaN(e[i]) && Double.isNaN(a[i]));
                assertTrue(
                        same || Math.abs(a[i] - e[i]) <= 1e-5 + relative(actual) * Math.abs(e[i]),
                        where);
            }
        } else {
            assertArrayEquals(expected.toByteArray(), actual.toByteArray(), what);
        }
    }

    /** Compares structures of dictionaries and lists with tensors as leaves. */
    public static void assertSameStructure(String path, Object expected, Object actual) {
        switch (expected) {
            case null -> assertNull(actual, path);
            case Tensor tensor ->
                    assertMatches(path, tensor, assertInstanceOf(Tensor.class, actual, path));
            case Map<?, ?> map -> {
                Map<?, ?> other = assertInstanceOf(Map.class, actual, path);
                assertEquals(
                        map.keySet().stream().filter(key -> map.get(key) != null).toList(),
                        other.keySet().stream().filter(key -> other.get(key) != null).toList(),
                        path);
                assertEquals(map.keySet(), other.keySet(), path);
                map.forEach(
                        (key, value) ->
                                assertSameStructure(path + "/" + key, value, other.get(key)));
            }
            case List<?> list -> {
                List<?> other = assertInstanceOf(List.class, actual, path);
                assertEquals(list.size(), other.size(), path);
                for (int i = 0; i < list.size(); i++) {
                    assertSameStructure(path + "/" + i, list.get(i), other.get(i));
                }
            }
            default -> assertEquals(expected, actual, path);
        }
    }

    private static double relative(Tensor tensor) {
        return switch (tensor.dtype()) {
            case FLOAT64, COMPLEX128 -> 1e-7;
            case FLOAT32, COMPLEX64 -> 1.3e-6;
            case FLOAT16, COMPLEX32 -> 1e-3;
            case BFLOAT16 -> 1.6e-2;
            default -> 0;
        };
    }
}
