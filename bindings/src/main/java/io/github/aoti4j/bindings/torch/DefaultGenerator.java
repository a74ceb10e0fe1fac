package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * libtorch's default random generator. The C shim cannot seed it, and C++ does so in inline code
 * that locks a mutex whose place is no part of any ABI. TorchScript has the same as an operator, so
 * a function in TorchScript is compiled, which calls it: {@code torch.manual_seed}.
 *
 * <p>Exported functions are called whose names and arguments are the same in PyTorch 2.10 to 2.14.
 * What is known of objects of classes is checked by what they point to, and by reading the seed
 * back.
 *
 * <p>libtorch must have been loaded before. Thread-safe.
 */
public final class DefaultGenerator {
    private static final String COMPILE =
            "_ZN5torch3jit7compileERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";
    private static final String RUN =
            "_ZN5torch3jit13GraphFunction3runERSt6vectorIN3c106IValueESaIS4_EE";
    private static final String FUNCTION_TABLE = "_ZTVN5torch3jit13GraphFunctionE";
    private static final String GENERATOR = "_ZN2at6detail22getDefaultCPUGeneratorEv";
    private static final String GENERATOR_TABLE = "_ZTVN2at16CPUGeneratorImplE";
    private static final String SEED = "_ZNK2at16CPUGeneratorImpl12current_seedEv";

    private static final List<String> REQUIRED =
            List.of(COMPILE, RUN, FUNCTION_TABLE, GENERATOR, GENERATOR_TABLE, SEED);

    private static final String SOURCE =
            """
            def aoti4j_seed(seed: int):
                torch.manual_seed(seed)
            """;

    /** A {@code c10::IValue}: 8 bytes of payload, then the kind of value. */
    private static final long VALUE_BYTES = 16;

    private static final int KIND_INT = 5;

    /** An object's pointer to the table of its class goes past two words of it. */
    private static final long TABLE_BEGIN = 16;

    /** The function; null until it is needed. Kept as long as the process. */
    private static MemorySegment function;

    private DefaultGenerator() {}

    /**
     * Seeds the generator as {@code torch.manual_seed} does, and those of devices that libtorch
     * has.
     *
     * @throws IncompatibleModelException if this libtorch cannot
     */
    public static synchronized void seed(long seed) {
        for (String symbol : REQUIRED) {
            if (!StableValues.has(symbol)) {
                throw unsuitable("it does not export " + symbol);
            }
        }
        try {
            if (function == null) {
                function = compile();
            }
            run(seed);
        } catch (NativeException e) {
            var failure = unsuitable(e.getMessage());
            failure.addSuppressed(e);
            throw failure;
        }
        if (current() != seed) {
            throw unsuitable("the seed is another one afterwards");
        }
    }

    private static IncompatibleModelException unsuitable(String why) {
        return new IncompatibleModelException(
                "the random generator of this libtorch cannot be seeded: " + why);
    }

    private static MemorySegment compile() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(CppString.BYTES, 8);
            CppString.put(source, arena.allocateFrom(SOURCE));
            // A std::shared_ptr: the object, and who counts its users.
            MemorySegment unit = arena.allocate(ADDRESS, 2);
            GuardedCall.callInto(
                    unit, "torch::jit::compile", StableValues.address(COMPILE), source.address());
            // The object begins with a std::vector of pointers to functions.
            MemorySegment functions = first(first(unit));
            MemorySegment only = functions.reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
            requireTable(only, FUNCTION_TABLE, "function");
            return only;
        }
    }

    private static MemorySegment first(MemorySegment object) {
        return object.reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
    }

    private static void requireTable(MemorySegment object, String table, String what) {
        long expected = StableValues.address(table).address() + TABLE_BEGIN;
        if (object.address() == 0 || first(object).address() != expected) {
            throw unsuitable("its " + what + " is of an unknown class");
        }
    }

    /** The stack is C++'s: the function may put it elsewhere. */
    private static void run(long seed) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = StableValues.allocate(VALUE_BYTES);
            values.set(JAVA_LONG, 0, seed);
            values.set(JAVA_LONG, 8, 0);
            values.set(JAVA_INT, 8, KIND_INT);
            MemorySegment stack = arena.allocate(ADDRESS, 3);
            stack.setAtIndex(ADDRESS, 0, values);
            stack.setAtIndex(JAVA_LONG, 1, values.address() + VALUE_BYTES);
            stack.setAtIndex(JAVA_LONG, 2, values.address() + VALUE_BYTES);
            try {
                GuardedCall.call(
                        "torch.manual_seed",
                        StableValues.address(RUN),
                        function.address(),
                        stack.address());
            } finally {
                StableValues.delete(stack.get(ADDRESS, 0));
            }
        }
    }

    /** An {@code at::Generator} is a pointer to its implementation. */
    private static long current() {
        long handle = IntegerCall.call(StableValues.address(GENERATOR));
        MemorySegment generator = first(MemorySegment.ofAddress(handle));
        requireTable(generator, GENERATOR_TABLE, "default generator");
        return IntegerCall.call(StableValues.address(SEED), generator.address());
    }
}
