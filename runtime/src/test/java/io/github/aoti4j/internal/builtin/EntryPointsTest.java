package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Failures;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Random;

/** Native functions hand arguments of all kinds to methods, and exceptions to nobody. */
public class EntryPointsTest {
    private static final List<String> SIGNATURES =
            List.of(
                    "L",
                    "I",
                    "D",
                    "LI",
                    "LLLIIIL", // empty_strided
                    "LLLLLIIIL", // create_tensor_from_blob
                    "LLLLLIIILILL", // create_tensor_from_blob_v2
                    "LLLLDD", // addmm_out
                    "LLLDILLLL", // attention
                    "DIDLDIDLD",
                    "LLLLLLLILLLLLIIIILLLL", // mkldnn_rnn_layer
                    "IIIIIIIIIIIIIIIIIIDDDDDDDD");

    /** The arguments of the last call. */
    private static final StringBuilder SEEN = new StringBuilder();

    @AfterEach
    void forgetFailures() {
        Failures.clear();
    }

    /** What every entry point calls: as many parameters as its signature has, by name. */
    public static final class Targets {
        private Targets() {}

        public static void fails(long a) {
            throw new BuiltInFailure("no " + a);
        }

        public static void breaks(long a) {
            if (a != 0) {
                throw new StackOverflowError("at " + a);
            }
        }

        public static void one(long a) {
            see(a);
        }

        public static void one(int a) {
            see(a);
        }

        public static void one(double a) {
            see(a);
        }

        public static void two(long a, int b) {
            see(a, b);
        }

        public static void seven(long a, long b, long c, int d, int e, int f, long g) {
            see(a, b, c, d, e, f, g);
        }

        public static void nine(
                long a, long b, long c, long d, long e, int f, int g, int h, long i) {
            see(a, b, c, d, e, f, g, h, i);
        }

        public static void twelve(
                long a,
                long b,
                long c,
                long d,
                long e,
                int f,
                int g,
                int h,
                long i,
                int j,
                long k,
                long l) {
            see(a, b, c, d, e, f, g, h, i, j, k, l);
        }

        public static void six(long a, long b, long c, long d, double e, double f) {
            see(a, b, c, d, e, f);
        }

        public static void nine(
                long a, long b, long c, double d, int e, long f, long g, long h, long i) {
            see(a, b, c, d, e, f, g, h, i);
        }

        public static void nine(
                double a, int b, double c, long d, double e, int f, double g, long h, double i) {
            see(a, b, c, d, e, f, g, h, i);
        }

        public static void twentyOne(
                long a,
                long b,
                long c,
                long d,
                long e,
                long f,
                long g,
                int h,
                long i,
                long j,
                long k,
                long l,
                long m,
                int n,
                int o,
                int p,
                int q,
                long r,
                long s,
                long t,
                long u) {
            see(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
        }

        public static void twentySix(
                int a,
                int b,
                int c,
                int d,
                int e,
                int f,
                int g,
                int h,
                int i,
                int j,
                int k,
                int l,
                int m,
                int n,
                int o,
                int p,
                int q,
                int r,
                double s,
                double t,
                double u,
                double v,
                double w,
                double x,
                double y,
                double z) {
            see(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z);
        }

        private static void see(Object... values) {
            SEEN.append(List.of(values));
        }
    }

    private static String method(String signature) {
        return switch (signature.length()) {
            case 1 -> "one";
            case 2 -> "two";
            case 6 -> "six";
            case 7 -> "seven";
            case 9 -> "nine";
            case 12 -> "twelve";
            case 21 -> "twentyOne";
            case 26 -> "twentySix";
            default -> throw new AssertionError(signature);
        };
    }

    private static MethodHandle caller(MemorySegment function, String signature) {
        MemoryLayout[] layouts =
                signature
                        .chars()
                        .mapToObj(c -> c == 'L' ? JAVA_LONG : c == 'I' ? JAVA_INT : JAVA_DOUBLE)
                        .toArray(MemoryLayout[]::new);
        return Linker.nativeLinker()
                .downcallHandle(function, FunctionDescriptor.of(JAVA_INT, layouts))
                .asSpreader(Object[].class, layouts.length);
    }

    private static Object value(char letter, Random random) {
        return switch (letter) {
            case 'L' -> random.nextLong();
            case 'I' -> random.nextInt();
            default -> random.nextDouble();
        };
    }

    @Test
    void methodsGetTheArgumentsOfTheCall() throws Throwable {
        List<Function> functions =
                SIGNATURES.stream()
                        .map(s -> new Function("f_" + s, Targets.class, method(s), s))
                        .toList();
        Random random = new Random(1);
        try (Arena arena = Arena.ofShared()) {
            var made = EntryPoints.make(functions, arena);
            for (String signature : SIGNATURES) {
                MethodHandle call = caller(made.get("f_" + signature), signature);
                for (int i = 0; i < 20; i++) {
                    Object[] arguments =
                            signature.chars().mapToObj(c -> value((char) c, random)).toArray();
                    SEEN.setLength(0);
                    assertEquals(0, (int) call.invoke(arguments));
                    assertEquals(List.of(arguments).toString(), SEEN.toString(), signature);
                }
            }
        }
        assertNull(Failures.take());
    }

    /** Callers need not clear the upper half of an int's register. */
    @Test
    void intsAreTheLowerHalfOfTheirRegisters() throws Throwable {
        try (Arena arena = Arena.ofShared()) {
            var made =
                    EntryPoints.make(List.of(new Function("f", Targets.class, "two", "LI")), arena);
            SEEN.setLength(0);
            assertEquals(
                    0,
                    (int) caller(made.get("f"), "LL").invoke(new Object[] {5L, 0xdead_fffffff9L}));
            assertEquals("[5, -7]", SEEN.toString());
        }
    }

    @Test
    void failuresAreKeptAndReturned() throws Throwable {
        try (Arena arena = Arena.ofShared()) {
            var made =
                    EntryPoints.make(
                            List.of(
                                    new Function("a", Targets.class, "fails", "L"),
                                    new Function("b", Targets.class, "breaks", "L"),
                                    new Function("c", Targets.class, "absent", "L")),
                            arena);
            assertEquals(1, (int) caller(made.get("a"), "L").invoke(new Object[] {3L}));
            assertEquals(1, (int) caller(made.get("b"), "L").invoke(new Object[] {4L}));
            NativeException first = Failures.take();
            assertEquals("a", first.function());
            assertEquals("no 3", first.nativeMessage());
            assertNull(Failures.take());
            assertEquals(1, (int) caller(made.get("b"), "L").invoke(new Object[] {4L}));
            assertInstanceOf(StackOverflowError.class, Failures.take().getCause());
            assertEquals(1, (int) caller(made.get("c"), "L").invoke(new Object[] {4L}));
            assertInstanceOf(NoSuchMethodError.class, Failures.take().getCause());
        }
    }

    @Test
    void failuresAreEachThreadsOwn() throws Throwable {
        Failures.keep("f", new BuiltInFailure("here"));
        Thread other =
                new Thread(
                        () -> {
                            assertNull(Failures.take());
                            Failures.keep("g", new BuiltInFailure("there"));
                        });
        other.start();
        other.join();
        assertEquals("f", Failures.take().function());
        Failures.keep("h", new BuiltInFailure("again"));
        Failures.clear();
        assertNull(Failures.take());
    }

    /** A row of the table that names no method would fail only when a model calls it. */
    @Test
    void allFunctionsOfTheTableExist() throws Throwable {
        for (Function function : FunctionTable.FUNCTIONS) {
            Class<?>[] types =
                    function.signature()
                            .chars()
                            .<Class<?>>mapToObj(
                                    c ->
                                            switch (c) {
                                                case 'L' -> long.class;
                                                case 'I' -> int.class;
                                                case 'D' -> double.class;
                                                default -> throw new AssertionError(function);
                                            })
                            .toArray(Class<?>[]::new);
            assertNotNull(
                    MethodHandles.lookup()
                            .findStatic(
                                    function.home(),
                                    function.method(),
                                    MethodType.methodType(void.class, types)),
                    function.symbol());
        }
        assertEquals(
                FunctionTable.FUNCTIONS.size(),
                FunctionTable.FUNCTIONS.stream().map(Function::symbol).distinct().count());
    }
}
