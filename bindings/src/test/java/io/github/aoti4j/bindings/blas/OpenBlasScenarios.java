package io.github.aoti4j.bindings.blas;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What {@link OpenBlasTest} does in processes of their own. */
final class OpenBlasScenarios {
    private OpenBlasScenarios() {}

    /** Prints what came of loading it and, if the argument says so, libtorch afterwards. */
    public static void main(String[] args) throws Exception {
        try {
            print(OpenBlas.load(null));
        } catch (RuntimeException e) {
            print(e);
        }
        print(OpenBlas.description());
        if (!OpenBlas.isThere()) {
            return;
        }
        print(threads());
        if (args.length > 0) {
            LibTorch.load();
            print(threads());
        }
        print(product());
    }

    /** Marks what is not of a log. */
    private static void print(Object line) {
        System.out.println("> " + line);
    }

    private static String threads() {
        return OpenBlas.isSingleThreaded() ? "one thread" : "several threads";
    }

    /** Multiplies a matrix of 2x3 by the transpose of one of 2x3, in both types. */
    private static String product() {
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocateFrom(JAVA_FLOAT, 1, 2, 3, 4, 5, 6).address();
            MemorySegment c = arena.allocateFrom(JAVA_FLOAT, Float.NaN, 0, 0, 0);
            OpenBlas.gemm(false, true, 2, 2, 3, 1f, a, 3, a, 3, 0f, c.address(), 2);
            long d = arena.allocateFrom(JAVA_DOUBLE, 1, 2, 3, 4, 5, 6).address();
            MemorySegment e = arena.allocateFrom(JAVA_DOUBLE, 1, 1, 1, 1);
            OpenBlas.gemm(false, true, 2, 2, 3, 2., d, 3, d, 3, 1., e.address(), 2);
            return Arrays.toString(c.toArray(JAVA_FLOAT)) + Arrays.toString(e.toArray(JAVA_DOUBLE));
        }
    }
}
