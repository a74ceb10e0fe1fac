package io.github.aoti4j.bindings.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Refuses operations for which the rest of a thread's stack may not suffice.
 *
 * <p>A {@code StackOverflowError} can occur between any two instructions of Java, also in a {@code
 * finally} block and within a lock of the JDK: a resource is then never released, or released
 * twice. Where native code has called Java, nothing may be left to catch it, and the process ends.
 * So every operation that acquires something checks first, while there is nothing to lose.
 *
 * <p>Thread-safe.
 */
public final class StackGuard {
    /** Reserved by the JVM in each stack: 24 pages of 4 KiB (red, yellow, reserved and shadow). */
    private static final long JVM = 96 * 1024;

    /** A run takes at most 23 KiB of it in the first run of a process, 4 KiB later. */
    private static final long RUN = JVM + 48 * 1024;

    /**
     * A load takes up to 54 KiB in a process that has not loaded anything yet; an operator in a run
     * 35 KiB (a singular value decomposition) before it may call Java.
     */
    private static final long LOAD = JVM + 96 * 1024;

    /**
     * Deleting a model takes 8 KiB. Less than any other operation needs, so that what was opened in
     * a frame can be closed there.
     */
    private static final long CLOSE = JVM + 32 * 1024;

    /** {@code pthread_attr_t} has 56 bytes on x86-64 and 64 on AArch64. */
    static final long ATTRIBUTES_SIZE = 128;

    /** Whether {@link Native} has been initialised. */
    private static boolean linked;

    private StackGuard() {}

    /**
     * The linked functions. A class whose initialiser runs out of stack stays broken for the whole
     * process, in the JDK as here, so this one is initialised on a thread of its own.
     */
    private static final class Native {
        /** Where the stack of a platform thread begins and ends; of the JDK's types: see find. */
        static final ThreadLocal<long[]> LIMITS = new ThreadLocal<>();

        /**
         * The stacks of threads that carry virtual ones, by {@code pthread_self}. They all have the
         * same size: one that has the address of another that is gone has the same limits.
         */
        static final AtomicReferenceArray<long[]> CARRIERS = new AtomicReferenceArray<>(64);

        static final MethodHandle SELF = IntegerCall.getter(find("pthread_self"));

        static final MemorySegment GET = find("pthread_getattr_np");
        static final MemorySegment STACK = find("pthread_attr_getstack");
        static final MemorySegment DESTROY = find("pthread_attr_destroy");

        private Native() {}
    }

    /** Looks up a function on threads. */
    static MemorySegment find(String function) {
        return Linker.nativeLinker()
                .defaultLookup()
                .find(function)
                // Before glibc 2.34 threads had a library of their own.
                .or(() -> NativeLibrary.ifLoaded("libpthread.so.0").flatMap(l -> l.find(function)))
                .orElseThrow();
    }

    /** For a run of a model without operators. */
    public static void requireForRun() {
        require(RUN, "a run");
    }

    /** For a run that may call operators, also in Java. */
    public static void requireForOperators() {
        require(LOAD, "a run of a model that calls Java");
    }

    /** For loading or changing a model. */
    public static void requireForLoad() {
        require(LOAD, "this");
    }

    /**
     * For the first load of a process.
     *
     * @param beside starts what can be prepared while this check is linked, if it is not yet; runs
     *     on a thread with a stack of its own, and must not throw; null for nothing
     */
    public static void requireForLoad(Runnable beside) {
        if (!linked) {
            link(beside);
        }
        require(LOAD, "this");
    }

    /** For closing something, which can be closed again if there is too little. */
    public static void requireForClose() {
        require(CLOSE, "closing this");
    }

    /** Returns whether there is stack for freeing what an arena owns. */
    static boolean hasRoomForClose() {
        return left() >= CLOSE;
    }

    @SuppressWarnings("UnnecessaryStringBuilder") // see below
    private static void require(long needed, String what) {
        long left = left();
        if (left < needed) {
            // Not by "+": what that links breaks for the whole process if the stack ends there.
            throw new StackOverflowError(
                    new StringBuilder(what)
                            .append(" needs ")
                            .append(needed >> 10)
                            .append(" KiB of stack, and this thread has ")
                            .append(left >> 10)
                            .append(" left: see -Xss and the stack size of Thread's constructor")
                            .toString());
        }
    }

    /** Returns how many bytes of stack this thread has left; {@link Long#MAX_VALUE} if unknown. */
    public static long left() {
        if (!linked) {
            link(null);
        }
        long pointer = StackPointer.get();
        long[] stack = Thread.currentThread().isVirtual() ? carrier(pointer) : platform(pointer);
        return stack == null ? Long.MAX_VALUE : pointer - stack[0];
    }

    /** No lambda, which would have to be linked where the stack may end. */
    private static final class Initialization implements Runnable {
        private final Runnable beside;
        private Throwable failure;

        Initialization(Runnable beside) {
            this.beside = beside;
        }

        @Override
        public void run() {
            try {
                if (beside != null) {
                    beside.run();
                }
                NativeAccess.require();
                long _ = self();
                long _ = StackPointer.get();
                ArenaCleanup.runPostponed();
            } catch (Throwable e) {
                failure = e;
            }
        }
    }

    private static void link(Runnable beside) {
        var initialization = new Initialization(beside);
        Thread thread = new Thread(null, initialization, "aoti4j initialisation", 0, false);
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (initialization.failure != null) {
            throw Errno.rethrown(initialization.failure);
        }
        linked = true;
    }

    private static long[] platform(long pointer) {
        long[] stack = Native.LIMITS.get();
        if (stack == null || pointer < stack[0] || pointer >= stack[1]) {
            stack = find(pointer);
            Native.LIMITS.set(stack);
        }
        return stack;
    }

    private static long[] carrier(long pointer) {
        long self = self();
        // Threads lie pages apart.
        int place = (int) ((self >>> 12) % Native.CARRIERS.length());
        long[] stack = Native.CARRIERS.get(place);
        if (stack == null || stack[2] != self || pointer < stack[0] || pointer >= stack[1]) {
            stack = find(pointer);
            Native.CARRIERS.set(place, stack);
        }
        return stack;
    }

    private static long self() {
        try {
            return (long) Native.SELF.invokeExact();
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /**
     * Asks for the limits of this thread's stack: the lowest address, the first above and the
     * thread. An array, since a value of our type in a thread would keep our class loader alive.
     * Null if the stack is another one, of a coroutine for example.
     */
    private static long[] find(long pointer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES_SIZE, Long.BYTES);
            MemorySegment address = arena.allocate(JAVA_LONG);
            MemorySegment size = arena.allocate(JAVA_LONG);
            long self = self();
            if ((int) IntegerCall.call(Native.GET, self, attributes.address()) != 0) {
                return null;
            }
            try {
                long code =
                        IntegerCall.call(
                                Native.STACK,
                                attributes.address(),
                                address.address(),
                                size.address());
                if ((int) code != 0) {
                    return null;
                }
            } finally {
                long _ = IntegerCall.call(Native.DESTROY, attributes.address());
            }
            long start = address.get(JAVA_LONG, 0);
            long end = start + size.get(JAVA_LONG, 0);
            return pointer >= start && pointer < end ? new long[] {start, end, self} : null;
        }
    }
}
