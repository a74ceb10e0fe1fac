package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** A function of the C shim, libtorch's and ours. Pointers are longs. */
final class Operator {
    private final String symbol;
    private final MethodHandle libtorch;
    private final MethodHandle ours;

    private Operator(String symbol, MethodHandle libtorch, MethodHandle ours) {
        this.symbol = symbol;
        this.libtorch = libtorch;
        this.ours = ours;
    }

    /** Returns a function by its C name. Loads libtorch. */
    static Operator of(String symbol) {
        FunctionTable.Function function =
                FunctionTable.FUNCTIONS.stream()
                        .filter(f -> f.symbol().equals(symbol))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(symbol + " is not in the table"));
        Class<?>[] types =
                function.signature()
                        .chars()
                        .mapToObj(
                                c ->
                                        switch (c) {
                                            case 'L' -> long.class;
                                            case 'I' -> int.class;
                                            case 'D' -> double.class;
                                            default -> throw new AssertionError(function);
                                        })
                        .toArray(Class<?>[]::new);
        FunctionDescriptor c = FunctionDescriptor.of(ValueLayout.JAVA_INT);
        for (Class<?> type : types) {
            c =
                    c.appendArgumentLayouts(
                            type == long.class
                                    ? ValueLayout.JAVA_LONG
                                    : type == int.class
                                            ? ValueLayout.JAVA_INT
                                            : ValueLayout.JAVA_DOUBLE);
        }
        LibTorch.load();
        MemorySegment address =
                NativeLibrary.ifLoaded("libtorch_cpu.so").orElseThrow().address(symbol);
        try {
            MethodHandle method =
                    MethodHandles.lookup()
                            .findStatic(
                                    function.home(),
                                    function.method(),
                                    MethodType.methodType(void.class, types));
            return new Operator(
                    symbol,
                    Linker.nativeLinker()
                            .downcallHandle(address, c)
                            .asSpreader(Object[].class, types.length),
                    method.asSpreader(Object[].class, types.length));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /** Calls libtorch's function, and returns whether it succeeded. */
    boolean callLibTorch(Object[] arguments) throws Throwable {
        return (int) libtorch.invoke(arguments) == 0;
    }

    void callOurs(Object[] arguments) throws Throwable {
        ours.invoke(arguments);
    }

    @Override
    public String toString() {
        return symbol;
    }
}
