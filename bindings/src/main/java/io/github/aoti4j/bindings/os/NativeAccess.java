package io.github.aoti4j.bindings.os;

import io.github.aoti4j.core.IncompatibleModelException;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * Whether the JVM permits this library to call native code.
 *
 * <p>Where it does not ({@code --illegal-native-access=deny}), each restricted method of the JDK
 * throws. In the initializer of a class that is an {@code ExceptionInInitializerError} once and a
 * {@code NoClassDefFoundError} later. So what may come first in a process checks here first.
 *
 * <p>Thread-safe.
 */
public final class NativeAccess {
    private static final String RUNTIME = "io.github.aoti4j";

    /** Set once the JVM has allowed it, which is final. */
    private static volatile boolean granted;

    private NativeAccess() {}

    /** Requires it for this module. */
    static void require() {
        if (!granted) {
            require(NativeAccess.class.getModule(), () -> MemorySegment.NULL.reinterpret(0));
            granted = true;
        }
    }

    /**
     * Requires it for a module.
     *
     * @param restricted calls a restricted method from that module, the only way to ask whether
     *     such calls are denied
     * @throws IncompatibleModelException if they are denied, with the option that allows them
     */
    public static void require(Module module, Supplier<MemorySegment> restricted) {
        try {
            MemorySegment _ = restricted.get();
        } catch (IllegalCallerException e) {
            throw new IncompatibleModelException(message(module), e);
        }
    }

    private static String message(Module module) {
        if (!module.isNamed()) {
            return "the JVM does not let aoti4j call native code: start it with"
                    + " --enable-native-access=ALL-UNNAMED (aoti4j is on the class path)";
        }
        String start =
                "the JVM does not let module %s call native code: start it with --enable-native-access=%s,%s (aoti4j is on the module path)"
                        .formatted(
                                module.getName(),
                                NativeAccess.class.getModule().getName(),
                                RUNTIME);
        return module.getLayer() == ModuleLayer.boot()
                ? start
                : "%s; the option names modules of the boot layer only, and this one is in another: its creator calls ModuleLayer.Controller.enableNativeAccess"
                        .formatted(start);
    }
}
