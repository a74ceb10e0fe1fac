package io.github.aoti4j.bindings.torch;

import static io.github.aoti4j.bindings.torch.TorchApi.check;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.NativeKernel;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Definitions of operators in one namespace, with their kernels, until it is closed.
 *
 * <p>Not thread-safe.
 */
public final class OperatorRegistration implements AutoCloseable {
    /** For a kernel that serves all devices, and needs no derivative. */
    private static final String ALL_DEVICES = "CompositeExplicitAutograd";

    /** What PyTorch names as the origin in its messages: it keeps the pointer, and no copy. */
    private static final MemorySegment ORIGIN = Arena.global().allocateFrom("Java");

    /** How PyTorch's description of the origin of such an operator begins. */
    public static final String REGISTERED_AT = "registered at Java:";

    private final MemorySegment definitions;
    private final MemorySegment implementations;
    private boolean closed;

    /**
     * Opens a registration. Other libraries may define operators in the same namespace.
     *
     * @param namespace what stands before {@code ::}
     */
    public OperatorRegistration(String namespace) {
        // Linked now: who closes this may have closed the class loader of this class before.
        MethodHandle _ = AotiTorch.aoti_torch_delete_library_object$handle();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            MemorySegment ns = arena.allocateFrom(namespace);
            check(
                    AotiTorch.aoti_torch_library_init_fragment(ns, ORIGIN, 1, slot),
                    "aoti_torch_library_init_fragment");
            this.definitions = slot.get(ADDRESS, 0);
            try {
                check(
                        AotiTorch.aoti_torch_library_init_impl(
                                ns, arena.allocateFrom(ALL_DEVICES), ORIGIN, 1, slot),
                        "aoti_torch_library_init_impl");
            } catch (NativeException e) {
                delete(definitions);
                throw e;
            }
            this.implementations = slot.get(ADDRESS, 0);
        }
    }

    /** Defines an operator by its schema, such as {@code scale(Tensor x, float by) -> Tensor}. */
    public void define(String schema) {
        try (Arena arena = Arena.ofConfined()) {
            check(
                    AotiTorch.aoti_torch_library_def(definitions, arena.allocateFrom(schema)),
                    "aoti_torch_library_def");
        }
    }

    /** Gives an operator, named without its namespace, its kernel. */
    public void implement(String name, NativeKernel kernel) {
        try (Arena arena = Arena.ofConfined()) {
            check(
                    AotiTorch.aoti_torch_library_impl(
                            implementations, arena.allocateFrom(name), kernel.address()),
                    "aoti_torch_library_impl");
        }
    }

    /** Removes all definitions and kernels. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Closeables.closeAll(() -> delete(implementations), () -> delete(definitions));
        }
    }

    private static void delete(MemorySegment library) {
        check(
                AotiTorch.aoti_torch_delete_library_object(library),
                "aoti_torch_delete_library_object");
    }
}
