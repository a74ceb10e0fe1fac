package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.TailCall;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Calls libtorch's C++ functions such that their exceptions are caught: the process would end if
 * one reached Java.
 *
 * <p>libtorch's C function that calls an executor makes a virtual call and turns exceptions into an
 * error. It gets an object here whose method is a {@link TailCall}, so the call is that of any
 * function.
 */
final class GuardedCall {
    private static final int CALL_FUNCTION = 2;

    /** Two destructors, the method, and one that newer libtorch has. */
    private static final int ENTRIES = 4;

    private static final boolean RESULT_IS_ARGUMENT =
            !System.getProperty("os.arch").equals("aarch64");

    private static final MemorySegment TABLE = table();

    private GuardedCall() {}

    private static MemorySegment table() {
        MemorySegment table = Arena.global().allocate(ADDRESS, ENTRIES);
        table.setAtIndex(ADDRESS, CALL_FUNCTION, TailCall.function());
        return table;
    }

    /**
     * Calls a function that returns nothing, or whose result is of no interest.
     *
     * @param name for the message
     * @param arguments at most six, integers or addresses
     * @throws NativeException for a C++ exception
     */
    static void call(String name, MemorySegment function, long... arguments) {
        call(name, function, 0, arguments);
    }

    /** Calls a function that returns an object of a class: it is made where the result is. */
    static void callInto(
            MemorySegment result, String name, MemorySegment function, long... arguments) {
        if (!RESULT_IS_ARGUMENT) {
            call(name, function, result.address(), arguments);
            return;
        }
        long[] all = new long[arguments.length + 1];
        all[0] = result.address();
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        call(name, function, 0, all);
    }

    private static void call(String name, MemorySegment function, long result, long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment object = arena.allocate(TailCall.BYTES, Long.BYTES);
            object.set(ADDRESS, 0, TABLE);
            object.set(ADDRESS, TailCall.TARGET, function);
            object.set(JAVA_LONG, TailCall.RESULT, result);
            for (int i = 0; i < arguments.length; i++) {
                object.set(JAVA_LONG, TailCall.ARGUMENTS + (long) i * Long.BYTES, arguments[i]);
            }
            MemorySegment none = MemorySegment.NULL;
            TorchApi.check(
                    AotiTorch.aoti_torch_proxy_executor_call_function(object, 0, 0, none, 0, none),
                    name);
        }
    }
}
