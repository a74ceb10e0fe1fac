package io.github.aoti4j.bindings.os;

/**
 * Makes threads that inherit nothing from their maker.
 *
 * <p>A thread inherits the context class loader and the inheritable thread locals of its maker. In
 * a servlet container these belong to one application, and a thread that lives on keeps all classes
 * of that application in memory.
 */
public final class Threads {
    private Threads() {}

    /**
     * Returns a builder of daemon threads whose context class loader is the system's, and which
     * have no inheritable thread locals.
     */
    public static Thread.Builder.OfPlatform daemon(String name) {
        return Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name(name);
    }
}
