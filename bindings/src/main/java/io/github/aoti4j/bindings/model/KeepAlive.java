package io.github.aoti4j.bindings.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Errno;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a model while holding open the arenas of memory that native code reaches indirectly.
 *
 * <p>A tensor handle hides the address of its elements from the linker, so nothing would stop
 * another thread from closing a shared arena in the middle of the run. The linker holds an arena
 * open for the length of a call when one of its segments is an argument: so the segments go along
 * as trailing arguments, which C functions do not look at (in the calling conventions of x86-64 and
 * AArch64 the caller alone places and removes them).
 */
public final class KeepAlive {
    /**
     * As many as inputs come from in practice: one or two; these go through a constant method
     * handle.
     */
    private static final int FEW = 4;

    /** The generated class of this function would link it to say the same. */
    private static final FunctionDescriptor RUN =
            FunctionDescriptor.of(
                    JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

    private static final ConcurrentHashMap<Integer, MethodHandle> RUN_MANY =
            new ConcurrentHashMap<>();

    private KeepAlive() {}

    /** Each is linked when it is first needed. */
    private static final class Few {
        static final MethodHandle RUN = Linker.nativeLinker().downcallHandle(descriptor(FEW));
    }

    /** For a runner on memory of its own. */
    private static final class None {
        static final MethodHandle RUN = Linker.nativeLinker().downcallHandle(descriptor(0));
    }

    /** Links what most first runs need. */
    public static void prepare() {
        Objects.requireNonNull(Few.RUN);
    }

    static int run(
            MemorySegment function,
            MemorySegment container,
            RunArguments arguments,
            MemorySegment stream,
            MemorySegment proxyExecutor) {
        MemorySegment[] held = arguments.open;
        int count = arguments.openCount;
        try {
            if (count == 0) {
                return (int)
                        None.RUN.invokeExact(
                                function,
                                container,
                                arguments.inputs,
                                (long) arguments.inputCount,
                                arguments.outputs,
                                (long) arguments.outputCount,
                                stream,
                                proxyExecutor);
            }
            if (count <= FEW) {
                return (int)
                        Few.RUN.invokeExact(
                                function,
                                container,
                                arguments.inputs,
                                (long) arguments.inputCount,
                                arguments.outputs,
                                (long) arguments.outputCount,
                                stream,
                                proxyExecutor,
                                at(held, count, 0),
                                at(held, count, 1),
                                at(held, count, 2),
                                at(held, count, 3));
            }
            return (int)
                    RUN_MANY.computeIfAbsent(count, KeepAlive::spreading)
                            .invokeExact(
                                    function,
                                    container,
                                    arguments.inputs,
                                    (long) arguments.inputCount,
                                    arguments.outputs,
                                    (long) arguments.outputCount,
                                    stream,
                                    proxyExecutor,
                                    Arrays.copyOf(held, count));
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    public static int clone(MemorySegment tensor, MemorySegment copy, MemorySegment held) {
        try {
            return (int) Clone.CALL.invokeExact(tensor, copy, held);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Made when it is first needed, which is seldom. */
    private static final class Clone {
        static final MethodHandle CALL =
                Linker.nativeLinker()
                        .downcallHandle(
                                AotiTorch.aoti_torch_clone$address(),
                                AotiTorch.aoti_torch_clone$descriptor()
                                        .appendArgumentLayouts(ADDRESS));
    }

    private static MemorySegment at(MemorySegment[] held, int count, int index) {
        return index < count ? held[index] : MemorySegment.NULL;
    }

    private static MethodHandle spreading(int count) {
        return Linker.nativeLinker()
                .downcallHandle(descriptor(count))
                .asSpreader(MemorySegment[].class, count);
    }

    private static FunctionDescriptor descriptor(int count) {
        MemoryLayout[] trailing = new MemoryLayout[count];
        Arrays.fill(trailing, ADDRESS);
        return RUN.appendArgumentLayouts(trailing);
    }
}
