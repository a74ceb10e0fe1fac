package io.github.aoti4j.bindings.os;

import static java.lang.invoke.MethodType.methodType;

import io.github.aoti4j.bindings.generated.torch.aoti_torch_kernel_fn;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Objects;

/** A {@link WeakUpcall} that calls a kernel. */
public final class NativeKernel {
    private final WeakUpcall function;

    /** Computes; may not throw. */
    @FunctionalInterface
    public interface Kernel {
        /**
         * Computes from the arguments on the stack, which it consumes; the results take their
         * places.
         */
        void call(MemorySegment stack, long arguments, long results);
    }

    public NativeKernel(Kernel kernel) {
        try {
            this.function =
                    new WeakUpcall(
                            MethodHandles.lookup()
                                    .findVirtual(
                                            Kernel.class,
                                            "call",
                                            methodType(
                                                    void.class,
                                                    MemorySegment.class,
                                                    long.class,
                                                    long.class))
                                    .bindTo(Objects.requireNonNull(kernel)),
                            aoti_torch_kernel_fn.descriptor());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    public MemorySegment address() {
        return function.address();
    }

    /** Keeps the kernel reachable from the native function, as long as native code may call it. */
    public void retain() {
        function.retain();
    }

    /** Ends {@link #retain}. The function calls the kernel as long as this object is reachable. */
    public void release() {
        function.release();
    }
}
