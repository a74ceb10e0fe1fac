package io.github.aoti4j.bindings.blas;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The OpenBLAS of this process, if there is one: found and opened once, never closed.
 *
 * <p>Its own threads would compete with OpenMP's for the processors, so it computes on the calling
 * thread alone, unless libtorch uses it, too. Callers share large products out themselves.
 *
 * <p>Thread-safe.
 */
public final class OpenBlas {
    private static final Object LOCK = new Object();

    private static volatile BlasLibrary loaded;

    private OpenBlas() {}

    /** The functions; initialised when there is a library. */
    private static final class Functions {
        static final MemorySegment SGEMM = loaded.library().address("cblas_sgemm");
        static final MemorySegment DGEMM = loaded.library().address("cblas_dgemm");
        static final MemorySegment SGEMV = loaded.library().address("cblas_sgemv");
        static final MemorySegment DGEMV = loaded.library().address("cblas_dgemv");

        /** They read a field: the collector may wait for them. */
        static final MethodHandle THREADS =
                IntegerCall.getter(loaded.library().address("openblas_get_num_threads"));
    }

    /**
     * One shape for both, since linking one takes a JVM's first load milliseconds: a float is the
     * lower half of a double's register, on x86-64 and on AArch64.
     */
    private static final class Shape {
        static final MethodHandle GEMM = gemm();

        private static MethodHandle gemm() {
            MemoryLayout[] arguments = {
                JAVA_INT,
                JAVA_INT,
                JAVA_INT, // order, transpositions
                JAVA_INT,
                JAVA_INT,
                JAVA_INT, // m, n, k
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT, // alpha, A, B
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT // beta, C
            };
            return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments));
        }
    }

    /** Linked when it is first needed: most models have no product for it. */
    private static final class VectorShape {
        static final MethodHandle GEMV = gemv();

        private static MethodHandle gemv() {
            MemoryLayout[] arguments = {
                JAVA_INT,
                JAVA_INT, // order, transposition
                JAVA_INT,
                JAVA_INT, // m, n
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT, // alpha, A
                JAVA_LONG,
                JAVA_INT, // x
                JAVA_DOUBLE,
                JAVA_LONG,
                JAVA_INT // beta, y
            };
            return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments));
        }
    }

    private static volatile boolean vectorsReady;

    private static final int ROW_MAJOR = 101;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    /**
     * Finds and opens it unless that has been done, and logs what came of it.
     *
     * @param explicit a library or its folder, which the caller names, or null
     * @return whether it is there
     * @throws IncompatibleModelException if what the user has named cannot be used
     */
    public static boolean load(Path explicit) {
        BlasLibrary library = loaded;
        if (library == null) {
            synchronized (LOCK) {
                if (loaded == null) {
                    loaded = BlasLoader.load(explicit, SearchContext.ofProcess());
                }
                library = loaded;
            }
        }
        return library.library() != null;
    }

    /** Returns whether it has been loaded. */
    public static boolean isThere() {
        BlasLibrary library = loaded;
        return library != null && library.library() != null;
    }

    /** Returns which it is, or why there is none. */
    public static String description() {
        BlasLibrary library = loaded;
        return library == null ? "OpenBLAS has not been looked for" : library.description();
    }

    /** Links the functions. It must be there. */
    public static void prepare() {
        prepareShape();
        boolean _ = isSingleThreaded();
    }

    /** Links what needs no library. */
    public static void prepareShape() {
        Objects.requireNonNull(Shape.GEMM);
    }

    /** Returns whether a call computes on its own thread alone. It must be there. */
    public static boolean isSingleThreaded() {
        try {
            return (int) (long) Functions.THREADS.invokeExact() == 1;
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Gives it its own threads back, because libtorch calls it, too, and knows no others. */
    public static void shareWithLibTorch() {
        synchronized (LOCK) {
            if (isThere() && loaded.own()) {
                BlasLoader.useAllThreads(loaded.library());
            }
        }
    }

    /**
     * Computes {@code C = alpha op(A) op(B) + beta C}, row-major. It must be there; each leading
     * dimension must be at least its matrix's number of columns, and 1.
     */
    public static void gemm(
            boolean transA,
            boolean transB,
            int m,
            int n,
            int k,
            float alpha,
            long a,
            int lda,
            long b,
            int ldb,
            float beta,
            long c,
            int ldc) {
        int first = transA ? TRANSPOSED : PLAIN;
        int second = transB ? TRANSPOSED : PLAIN;
        try {
            Shape.GEMM.invokeExact(
                    Functions.SGEMM,
                    ROW_MAJOR,
                    first,
                    second,
                    m,
                    n,
                    k,
                    lowerHalf(alpha),
                    a,
                    lda,
                    b,
                    ldb,
                    lowerHalf(beta),
                    c,
                    ldc);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    private static double lowerHalf(float value) {
        return Double.longBitsToDouble(Integer.toUnsignedLong(Float.floatToRawIntBits(value)));
    }

    /** The same for double. */
    public static void gemm(
            boolean transA,
            boolean transB,
            int m,
            int n,
            int k,
            double alpha,
            long a,
            int lda,
            long b,
            int ldb,
            double beta,
            long c,
            int ldc) {
        int first = transA ? TRANSPOSED : PLAIN;
        int second = transB ? TRANSPOSED : PLAIN;
        try {
            Shape.GEMM.invokeExact(
                    Functions.DGEMM,
                    ROW_MAJOR,
                    first,
                    second,
                    m,
                    n,
                    k,
                    alpha,
                    a,
                    lda,
                    b,
                    ldb,
                    beta,
                    c,
                    ldc);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /**
     * Links {@link #gemv}, unless that has been done; on a thread of its own, because the caller's
     * may have too little stack for that.
     */
    public static void prepareVectors() {
        if (!vectorsReady) {
            var linking = new Thread(() -> Objects.requireNonNull(VectorShape.GEMV));
            linking.start();
            boolean interrupted = false;
            while (linking.isAlive()) {
                try {
                    linking.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            vectorsReady = true;
        }
    }

    /**
     * Computes {@code y = alpha op(A) x + beta y} with an A of m x n, row-major, after {@link
     * #prepareVectors}. The leading dimension must be at least n, and 1; distances of elements at
     * least 1.
     */
    public static void gemv(
            boolean transA,
            int m,
            int n,
            float alpha,
            long a,
            int lda,
            long x,
            int distanceX,
            float beta,
            long y,
            int distanceY) {
        int trans = transA ? TRANSPOSED : PLAIN;
        double factor = lowerHalf(alpha);
        double old = lowerHalf(beta);
        gemv(Functions.SGEMV, trans, m, n, factor, a, lda, x, distanceX, old, y, distanceY);
    }

    /** The same for double. */
    public static void gemv(
            boolean transA,
            int m,
            int n,
            double alpha,
            long a,
            int lda,
            long x,
            int distanceX,
            double beta,
            long y,
            int distanceY) {
        int trans = transA ? TRANSPOSED : PLAIN;
        gemv(Functions.DGEMV, trans, m, n, alpha, a, lda, x, distanceX, beta, y, distanceY);
    }

    private static void gemv(
            MemorySegment function,
            int trans,
            int m,
            int n,
            double alpha,
            long a,
            int lda,
            long x,
            int distanceX,
            double beta,
            long y,
            int distanceY) {
        try {
            VectorShape.GEMV.invokeExact(
                    function, ROW_MAJOR, trans, m, n, alpha, a, lda, x, distanceX, beta, y,
                    distanceY);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
