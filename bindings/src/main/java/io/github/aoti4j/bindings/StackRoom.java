package io.github.aoti4j.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * How much of its stack a thread has left for native code that calls Java back.
 *
 * <p>Java that runs out of stack throws an error; but where native code has called it there may be
 * nobody to catch that, not even the method that was to be called: the process ends. So there has
 * to be room before.
 */
public final class StackRoom {
    /**
     * What the JVM keeps for itself (24 pages: red, yellow, reserved and shadow), and as much again
     * for the model's code and the way back into Java.
     */
    private static final long NEEDED = 192 * 1024;

    /** {@code ucontext_t} of x86-64 has 968 bytes; {@code uc_mcontext.gregs[REG_RSP]} is here. */
    private static final long CONTEXT_SIZE = 1024;

    private static final long STACK_POINTER = 160;

    /** {@code pthread_attr_t} has 56 bytes. */
    private static final long ATTRIBUTES_SIZE = 64;

    private static final MethodHandle GET_CONTEXT =
            link("getcontext", FunctionDescriptor.of(JAVA_INT, ADDRESS));

    private static final ThreadLocal<StackRoom> CURRENT = ThreadLocal.withInitial(StackRoom::new);

    private final MemorySegment context = Arena.ofAuto().allocate(CONTEXT_SIZE, 16);

    /** The lowest address of the stack that was last looked at, and the first above it. */
    private long start;

    private long end;

    private StackRoom() {}

    /** Asked for when a thread comes on a stack for the first time. */
    private static final class Attributes {
        static final MethodHandle SELF = link("pthread_self", FunctionDescriptor.of(JAVA_LONG));
        static final MethodHandle GET =
                link("pthread_getattr_np", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS));
        static final MethodHandle STACK =
                link(
                        "pthread_attr_getstack",
                        FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
        static final MethodHandle DESTROY =
                link("pthread_attr_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));

        private Attributes() {}
    }

    /**
     * Demands that there be room.
     *
     * @throws StackOverflowError if there is too little
     */
    public static void require() {
        StackRoom room = CURRENT.get();
        long left = room.left();
        if (left < NEEDED) {
            throw new StackOverflowError(
                    "a model that calls operators needs %d KiB of stack, and this thread has %d left"
                            .formatted(NEEDED >> 10, left >> 10));
        }
    }

    /** How many bytes there are below this; very many where nobody can tell. */
    private long left() {
        try {
            if ((int) GET_CONTEXT.invokeExact(context) != 0) {
                return Long.MAX_VALUE;
            }
            long pointer = context.get(JAVA_LONG, STACK_POINTER);
            // A virtual thread comes back on another's stack.
            boolean found = (pointer >= start && pointer < end) || find();
            return found ? pointer - start : Long.MAX_VALUE;
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    private boolean find() throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES_SIZE, Long.BYTES);
            MemorySegment address = arena.allocate(JAVA_LONG);
            MemorySegment size = arena.allocate(JAVA_LONG);
            long thread = (long) Attributes.SELF.invokeExact();
            if ((int) Attributes.GET.invokeExact(thread, attributes) != 0) {
                return false;
            }
            try {
                if ((int) Attributes.STACK.invokeExact(attributes, address, size) != 0) {
                    return false;
                }
            } finally {
                int _ = (int) Attributes.DESTROY.invokeExact(attributes);
            }
            start = address.get(JAVA_LONG, 0);
            end = start + size.get(JAVA_LONG, 0);
            return true;
        }
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        MemorySegment function =
                linker.defaultLookup()
                        .find(name)
                        // Before glibc 2.34 threads had a library of their own.
                        .or(
                                () ->
                                        NativeLibrary.ifLoaded("libpthread.so.0")
                                                .flatMap(l -> l.find(name)))
                        .orElseThrow();
        return linker.downcallHandle(function, descriptor);
    }
}
