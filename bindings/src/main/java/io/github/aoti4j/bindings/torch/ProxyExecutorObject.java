package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * An object of C++'s class {@code torch::aot_inductor::ProxyExecutor} ({@code
 * torch/csrc/inductor/aoti_torch/proxy_executor.h}) whose method runs in Java.
 *
 * <p>libtorch passes a model's calls on to it by a virtual call. By the Itanium C++ ABI such an
 * object begins with a pointer to a table: two destructors, {@code call_function}, and since 2.13
 * {@code get_custom_objs}. Models call the third entry only; who owns the object calls the others,
 * and that is us.
 */
public final class ProxyExecutorObject {
    private static final int CALL_FUNCTION = 2;
    private static final int ENTRIES = 4;

    private static final FunctionDescriptor DESCRIPTOR =
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);

    private static final MethodHandle UPCALL = upcall();

    private ProxyExecutorObject() {}

    /** Computes one of a model's nodes; may not throw. */
    @FunctionalInterface
    public interface Callee {
        /**
         * Computes a node. The arrays have no size known to Java; tensor handles are borrowed,
         * inputs before outputs.
         */
        void call(int node, int numInts, MemorySegment ints, int numTensors, MemorySegment tensors);
    }

    /** Makes an object that lives as long as the arena; no run may use it later. */
    public static MemorySegment allocate(Callee callee, Arena arena) {
        MemorySegment table = arena.allocate(ADDRESS, ENTRIES);
        table.setAtIndex(
                ADDRESS,
                CALL_FUNCTION,
                Linker.nativeLinker().upcallStub(UPCALL.bindTo(callee), DESCRIPTOR, arena));
        MemorySegment object = arena.allocate(ADDRESS);
        object.set(ADDRESS, 0, table);
        // In the global scope, as all that is passed on each run.
        return MemorySegment.ofAddress(object.address());
    }

    private static MethodHandle upcall() {
        try {
            MethodHandle call =
                    MethodHandles.lookup()
                            .findVirtual(
                                    Callee.class,
                                    "call",
                                    MethodType.methodType(
                                            void.class,
                                            int.class,
                                            int.class,
                                            MemorySegment.class,
                                            int.class,
                                            MemorySegment.class));
            // C++ passes the object itself first.
            return MethodHandles.dropArguments(call, 1, MemorySegment.class);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
