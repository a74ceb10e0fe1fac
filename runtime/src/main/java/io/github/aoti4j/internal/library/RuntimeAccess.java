package io.github.aoti4j.internal.library;

import io.github.aoti4j.bindings.os.NativeAccess;
import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.MemorySegment;

/** Whether the JVM lets this module look at native memory, which it does in every run. */
public final class RuntimeAccess {
    private RuntimeAccess() {}

    /**
     * Requires it, before anything is loaded that would need it later.
     *
     * @throws IncompatibleModelException with the option that allows it
     */
    public static void require() {
        NativeAccess.require(
                RuntimeAccess.class.getModule(), () -> MemorySegment.NULL.reinterpret(0));
    }
}
