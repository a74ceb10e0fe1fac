package io.github.aoti4j.bindings.torch;

import static io.github.aoti4j.bindings.torch.TorchApi.check;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Errno;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * PyTorch's dispatcher: the operators that are registered in this process, and calls to them.
 *
 * <p>Calls go through the C shim. It has no function that returns whether an operator exists and
 * what it takes, so {@link #describe} asks the dispatcher in C++: three exported functions whose
 * names, arguments and results are the same in PyTorch 2.10 to 2.14 ({@code
 * ATen/core/dispatch/Dispatcher.h}, {@code OperatorEntry.h}).
 *
 * <p>libtorch must have been loaded before this class is touched.
 */
public final class DispatcherApi {
    private static final String SINGLETON = "_ZN3c1010Dispatcher13realSingletonEv";
    private static final String FIND = "_ZN3c1010Dispatcher6findOpERKNS_12OperatorNameE";
    private static final String DUMP = "_ZNK3c104impl13OperatorEntry9dumpStateB5cxx11Ev";

    /** What is called by name only where it is there. */
    public static final List<String> REQUIRED =
            List.of(
                    SINGLETON,
                    FIND,
                    DUMP,
                    "aoti_torch_call_dispatcher",
                    "torch_new_list_reserve_size",
                    "torch_new_string_handle");

    private DispatcherApi() {}

    private static final class Cpp {
        static final MethodHandle SINGLETON_HANDLE = bind(SINGLETON);

        /** Leaves an {@code optional<OperatorHandle>} where the first argument points. */
        static final MethodHandle FIND_HANDLE = bind(FIND, ADDRESS, ADDRESS, ADDRESS);

        /** Leaves a {@code std::string} where the first argument points. */
        static final MethodHandle DUMP_HANDLE = bind(DUMP, ADDRESS, ADDRESS);

        private static MethodHandle bind(String symbol, MemoryLayout... arguments) {
            return Linker.nativeLinker()
                    .downcallHandle(
                            StableValues.address(symbol),
                            FunctionDescriptor.of(ADDRESS, arguments));
        }

        private Cpp() {}
    }

    /**
     * Calls an operator.
     *
     * @param name such as {@code aten::add}, ending with a zero
     * @param overload such as {@code Tensor}, ending with a zero
     * @param stack room for the larger of arguments and results; the call consumes the arguments,
     *     and the caller owns the results; after a failure both are undefined
     */
    public static void call(MemorySegment name, MemorySegment overload, MemorySegment stack) {
        check(
                AotiTorch.aoti_torch_call_dispatcher(name, overload, stack),
                "aoti_torch_call_dispatcher");
    }

    /**
     * Describes an operator: lines of text of which the first are {@code name: …} and {@code
     * schema: …}; empty if there is none. Not for the hot path, and not while other code registers
     * kernels for the same operator.
     */
    public static Optional<String> describe(String name, String overload) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment operatorName = arena.allocate(2 * CppString.BYTES, 8);
            CppString.put(operatorName, arena.allocateFrom(name));
            CppString.put(operatorName.asSlice(CppString.BYTES), arena.allocateFrom(overload));
            // OperatorHandle: a pointer to the entry and a list's iterator; then the optional's
            // flag.
            MemorySegment found = arena.allocate(32, 8);
            MemorySegment dispatcher = (MemorySegment) Cpp.SINGLETON_HANDLE.invokeExact();
            MemorySegment _ =
                    (MemorySegment) Cpp.FIND_HANDLE.invokeExact(found, dispatcher, operatorName);
            if (found.get(JAVA_BYTE, 16) == 0) {
                return Optional.empty();
            }
            MemorySegment text = arena.allocate(CppString.BYTES, 8);
            MemorySegment _ =
                    (MemorySegment) Cpp.DUMP_HANDLE.invokeExact(text, found.get(ADDRESS, 0));
            return Optional.of(CppString.take(text));
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }
}
