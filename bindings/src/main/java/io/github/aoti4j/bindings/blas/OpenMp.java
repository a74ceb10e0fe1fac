package io.github.aoti4j.bindings.blas;

import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.os.Threads;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * The threads of GNU's OpenMP, libgomp, on which the kernels of compiled models run.
 *
 * <p>libgomp keeps a team of threads for each thread that starts a parallel region, and gives it to
 * that thread's next region. They spin for a while in between, so work that alternates with kernels
 * has to run on the same team.
 */
public final class OpenMp {
    static final String SONAME = "libgomp.so.1";

    /** The JVM reserves 96 KiB of each stack; operators take 64 KiB at most. */
    private static final long ENOUGH_STACK = 512 << 10;

    private OpenMp() {}

    /** The functions, if the library is there when they are first asked for. */
    private static final class Functions {
        /** Never closed: its threads run code in it. */
        static final NativeLibrary LIBRARY =
                NativeLibrary.ifLoaded(SONAME)
                        .or(() -> NativeLibrary.ofSystem(SONAME))
                        .filter(l -> l.has("GOMP_parallel"))
                        .orElse(null);

        static final MemorySegment PARALLEL = find("GOMP_parallel").orElse(null);

        /**
         * They read a field: the collector may wait for them. They return an int, the lower half.
         */
        static final MethodHandle MAX_THREADS = getter("omp_get_max_threads");

        static final MethodHandle IN_PARALLEL = getter("omp_in_parallel");

        static final boolean HAVE_STACK = stackSize() >= ENOUGH_STACK;

        private static long stackSize() {
            for (String variable : List.of("OMP_STACKSIZE", "GOMP_STACKSIZE")) {
                String value = System.getenv(variable);
                if (value != null && !value.isBlank()) {
                    return StackSize.parse(value);
                }
            }
            return Threads.nativeStackSize();
        }

        private static Optional<MemorySegment> find(String name) {
            return LIBRARY == null ? Optional.empty() : LIBRARY.find(name);
        }

        private static MethodHandle getter(String name) {
            return find(name).map(IntegerCall::getter).orElse(null);
        }
    }

    /** Opens the library if it is there, and returns whether it is. */
    public static boolean isThere() {
        return Functions.LIBRARY != null;
    }

    /**
     * Returns whether its threads have stack enough for Java. One that has not would end the
     * process as soon as it called Java.
     */
    public static boolean canRunJava() {
        return Functions.HAVE_STACK;
    }

    /**
     * Returns how many threads a region of this thread has: {@code OMP_NUM_THREADS}, or else as
     * many as there are processors. The library must be there.
     */
    public static int maxThreads() {
        try {
            return (int) (long) Functions.MAX_THREADS.invokeExact();
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Returns whether this thread is in a region of several threads. The library must be there. */
    public static boolean inParallel() {
        try {
            return (int) (long) Functions.IN_PARALLEL.invokeExact() != 0;
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /**
     * Calls a function on several threads at once, this one among them, and waits for all. The
     * library must be there.
     *
     * @param function the address of a {@code void (*)(void *)}
     * @param data its argument
     */
    public static void parallel(long function, long data, int threads) {
        long _ = IntegerCall.call(Functions.PARALLEL, function, data, threads, 0);
    }
}
