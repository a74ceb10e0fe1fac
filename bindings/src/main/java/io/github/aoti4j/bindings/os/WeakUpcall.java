package io.github.aoti4j.bindings.os;

import static java.lang.invoke.MethodType.methodType;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A native function that calls a method handle. It is never freed: nothing shows when the last
 * thread has left it.
 *
 * <p>The function refers to classes of the JDK alone. It reaches the handle through a weak
 * reference, and through a strong one between {@link #retain} and {@link #release}, so that it does
 * not keep the handle's class loader in memory for the rest of the process. When that loader has
 * been unloaded, the function does nothing.
 *
 * <p>Thread-safe.
 */
public final class WeakUpcall {
    private final MethodHandle target;

    /** Reachable from the native function. */
    private final AtomicReference<MethodHandle> retained = new AtomicReference<>();

    private final MemorySegment address;

    /**
     * Makes a function.
     *
     * @param target may not throw
     */
    public WeakUpcall(MethodHandle target, FunctionDescriptor descriptor) {
        this.target = target;
        try {
            this.address =
                    Linker.nativeLinker()
                            .upcallStub(
                                    calling(
                                            new WeakReference<>(target),
                                            retained,
                                            descriptor.toMethodType()),
                                    descriptor,
                                    Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    public MemorySegment address() {
        return address;
    }

    /** Keeps the target reachable from the native function, as long as native code may call it. */
    public void retain() {
        retained.set(target);
    }

    /** Ends {@link #retain}. The function calls the target as long as this object is reachable. */
    public void release() {
        retained.set(null);
    }

    /** Returns a handle that calls the target of a reference, if it still exists. */
    private static MethodHandle calling(
            WeakReference<MethodHandle> target,
            AtomicReference<MethodHandle> retained,
            MethodType type)
            throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        MethodHandle get =
                lookup.findVirtual(Reference.class, "get", methodType(Object.class))
                        .bindTo(target)
                        .asType(methodType(MethodHandle.class));
        MethodHandle isThere =
                lookup.findStatic(Objects.class, "nonNull", methodType(boolean.class, Object.class))
                        .asType(methodType(boolean.class, MethodHandle.class));
        MethodHandle call =
                MethodHandles.guardWithTest(
                        isThere,
                        MethodHandles.exactInvoker(type),
                        MethodHandles.dropArguments(
                                MethodHandles.empty(type), 0, MethodHandle.class));
        MethodHandle holding =
                MethodHandles.dropArguments(
                        MethodHandles.foldArguments(call, get), 0, AtomicReference.class);
        return holding.bindTo(retained);
    }
}
