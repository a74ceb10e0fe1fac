package io.github.aoti4j.bindings.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.CLibrary;
import io.github.aoti4j.bindings.os.NativeLibrary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * What is called in place of SLEEF's functions computes the same, lane by lane. The calls are made
 * in C, because Java cannot pass vectors.
 */
class VectorMathTest {
    /** Calls a function of one or two vectors; 0 if the processor does not have them. */
    private static final String CALLER =
            """
            typedef float f8 __attribute__((vector_size(32)));
            typedef double d4 __attribute__((vector_size(32)));
            typedef float f16 __attribute__((vector_size(64)));
            typedef double d8 __attribute__((vector_size(64)));
            #define CALL(T, FEATURE, NAME) \\
                __attribute__((target(FEATURE))) \\
                int NAME(void *f, long count, T *x, T *y, T *result) { \\
                    if (!__builtin_cpu_supports(FEATURE)) return 0; \\
                    *result = count == 1 ? ((T (*)(T))f)(*x) : ((T (*)(T, T))f)(*x, *y); \\
                    return 1; \\
                }
            CALL(f8, "avx2", call_f8)
            CALL(d4, "avx2", call_d4)
            CALL(f16, "avx512f", call_f16)
            CALL(d8, "avx512f", call_d8)
            """;

    private record Unary(String name, String accuracy, DoubleUnaryOperator exact) {}

    private record Binary(String name, String accuracy, DoubleBinaryOperator exact) {}

    private static final List<Unary> UNARY =
            List.of(
                    new Unary("acos", "u10", Math::acos),
                    new Unary("acosh", "u10", x -> Math.log(x + Math.sqrt(x * x - 1))),
                    new Unary("asin", "u10", Math::asin),
                    new Unary("asinh", "u10", VectorMathTest::asinh),
                    new Unary("atan", "u10", Math::atan),
                    new Unary("atanh", "u10", x -> 0.5 * (Math.log1p(x) - Math.log1p(-x))),
                    new Unary("cos", "u10", Math::cos),
                    new Unary("cos", "u35", Math::cos),
                    new Unary("cosh", "u10", Math::cosh),
                    new Unary("exp", "u10", Math::exp),
                    new Unary("exp2", "u10", x -> Math.pow(2, x)),
                    new Unary("expm1", "u10", Math::expm1),
                    new Unary("log", "u10", Math::log),
                    new Unary("log10", "u10", Math::log10),
                    new Unary("log1p", "u10", Math::log1p),
                    new Unary("log2", "u10", x -> Math.log(x) / Math.log(2)),
                    new Unary("sin", "u10", Math::sin),
                    new Unary("sin", "u35", Math::sin),
                    new Unary("sinh", "u10", Math::sinh),
                    new Unary("tan", "u10", Math::tan),
                    new Unary("tanh", "u10", Math::tanh));

    private static final List<Binary> BINARY =
            List.of(
                    new Binary("atan2", "u10", Math::atan2),
                    new Binary("pow", "u10", VectorMathTest::pow),
                    new Binary("hypot", "u05", Math::hypot));

    /** 4 ULP, and what Java's own functions are off by. */
    private static final double TOLERANCE = 6;

    private static final double[] VALUES = {
        0.0,
        -0.0,
        1,
        -1,
        0.3,
        -0.7,
        1.5,
        3.25,
        -12.5,
        40,
        1e-5,
        -1e-5,
        700,
        1e10,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY
    };

    @TempDir private Path folder;

    private static double asinh(double x) {
        double magnitude = Math.abs(x);
        double squared = magnitude * magnitude;
        if (squared == Double.POSITIVE_INFINITY) {
            return x;
        }
        return Math.copySign(Math.log1p(magnitude + squared / (1 + Math.sqrt(squared + 1))), x);
    }

    /** As in C, where 1 to any power is 1, and -1 to an infinite one. */
    private static double pow(double x, double y) {
        return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : Math.pow(x, y);
    }

    @Test
    void namesTheFunctionsOfOtherMachines() {
        assertEquals("_ZGVnN4v_expf", VectorMath.targets(true).get("Sleef_expf4_u10"));
        assertEquals("_ZGVnN2vv_pow", VectorMath.targets(true).get("Sleef_powd2_u10"));
        assertEquals("_ZGVeN16v_expf", VectorMath.targets(false).get("Sleef_expf16_u10"));
        assertEquals("_ZGVdN4v_erfc", VectorMath.targets(false).get("Sleef_erfcd4_u15"));
    }

    @Test
    void computesWhatSleefDoes() throws Throwable {
        Path caller = CLibrary.build(folder, "caller", CALLER);
        try (VectorMath vectors = new VectorMath();
                NativeLibrary library = NativeLibrary.open(caller)) {
            assumeTrue(vectors.find("Sleef_tanhf8_u10").isPresent(), "libmvec is too old");
            for (String type : List.of("f8", "d4", "f16", "d8")) {
                MethodHandle call = caller(library, "call_" + type);
                for (Unary function : UNARY) {
                    String name = "Sleef_" + function.name + type + "_" + function.accuracy;
                    MemorySegment target = vectors.find(name).orElseThrow();
                    compare(call, target, name, type, 1, (x, _) -> function.exact.applyAsDouble(x));
                }
                for (Binary function : BINARY) {
                    String name = "Sleef_" + function.name + type + "_" + function.accuracy;
                    MemorySegment target = vectors.find(name).orElseThrow();
                    compare(call, target, name, type, 2, function.exact);
                }
                assertTrue(vectors.find("Sleef_erf" + type + "_u10").isPresent());
                assertTrue(vectors.find("Sleef_erfc" + type + "_u15").isPresent());
                assertTrue(vectors.find("Sleef_lgamma" + type + "_u10").isEmpty());
            }
        }
    }

    private static MethodHandle caller(NativeLibrary library, String name) {
        return Linker.nativeLinker()
                .downcallHandle(
                        library.address(name),
                        FunctionDescriptor.of(
                                JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS));
    }

    private static void compare(
            MethodHandle call,
            MemorySegment target,
            String name,
            String type,
            long count,
            DoubleBinaryOperator exact)
            throws Throwable {
        boolean isFloat = type.startsWith("f");
        int lanes = Integer.parseInt(type.substring(1));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(64, 64);
            MemorySegment y = arena.allocate(64, 64);
            MemorySegment result = arena.allocate(64, 64);
            for (int first = 0; first < VALUES.length; first++) {
                for (int lane = 0; lane < lanes; lane++) {
                    set(x, isFloat, lane, VALUES[(first + lane) % VALUES.length]);
                    set(y, isFloat, lane, VALUES[(2 * first + 3 * lane) % VALUES.length]);
                }
                if ((int) call.invokeExact(target, count, x, y, result) == 0) {
                    return; // this processor lacks the vectors
                }
                for (int lane = 0; lane < lanes; lane++) {
                    double a = get(x, isFloat, lane);
                    double b = get(y, isFloat, lane);
                    double expected = exact.applyAsDouble(a, b);
                    double actual = get(result, isFloat, lane);
                    assertClose(isFloat, expected, actual, name + "(" + a + ", " + b + ")");
                }
            }
        }
    }

    private static void assertClose(boolean isFloat, double expected, double actual, String call) {
        double rounded = isFloat ? (float) expected : expected;
        if (Double.isNaN(rounded) || Double.isInfinite(rounded)) {
            assertEquals(rounded, actual, call);
            return;
        }
        double ulp = isFloat ? Math.ulp((float) expected) : Math.ulp(expected);
        assertEquals(rounded, actual, TOLERANCE * ulp, call);
    }

    private static void set(MemorySegment vector, boolean isFloat, int lane, double value) {
        if (isFloat) {
            vector.setAtIndex(JAVA_FLOAT, lane, (float) value);
        } else {
            vector.setAtIndex(JAVA_DOUBLE, lane, value);
        }
    }

    private static double get(MemorySegment vector, boolean isFloat, int lane) {
        return isFloat ? vector.getAtIndex(JAVA_FLOAT, lane) : vector.getAtIndex(JAVA_DOUBLE, lane);
    }
}
