package io.github.aoti4j.internal.builtin;

import java.util.List;

/**
 * The functions of libtorch's C shim that the built-in engine answers in Java. Accessors, which are
 * machine code in the stub library, are listed there.
 */
final class FunctionTable {
    /**
     * A function that is a static method.
     *
     * @param symbol the C name
     * @param home the class with the method, which returns nothing and throws if it fails
     * @param method its name
     * @param signature a letter for each argument: L for int64 and pointers, I for int32, D for
     *     double
     */
    record Function(String symbol, Class<?> home, String method, String signature) {}

    static final List<Function> FUNCTIONS = List.of();

    private FunctionTable() {}
}
