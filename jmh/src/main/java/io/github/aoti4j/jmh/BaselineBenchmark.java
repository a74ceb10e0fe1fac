package io.github.aoti4j.jmh;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.libtorch.LibTorch;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** What runs are made of: a call from Java to C, and a tensor handle. */
public class BaselineBenchmark extends RunBenchmark {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle CALL = abs();
    private static final MethodHandle CRITICAL = abs(Linker.Option.critical(false));

    private static final SymbolLookup TORCH =
            SymbolLookup.libraryLookup(
                    LibTorch.load().directory().resolve("libtorch_cpu.so"), Arena.global());
    private static final MethodHandle EMPTY =
            torch(
                    "aoti_torch_empty_strided",
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_LONG);
    private static final MethodHandle NEW_HANDLE =
            torch("aoti_torch_new_tensor_handle", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DELETE = torch("aoti_torch_delete_tensor_object", JAVA_LONG);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(JAVA_LONG);
    private long tensor;
    private int number = -42;

    private static MethodHandle abs(Linker.Option... options) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("abs"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT),
                options);
    }

    /** Pointers are passed as 64-bit integers, as the runtime does. */
    private static MethodHandle torch(String function, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                TORCH.findOrThrow(function), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static void require(int code) {
        if (code != 0) {
            throw new IllegalStateException("libtorch returned " + code);
        }
    }

    @Setup
    public void setUp() throws Throwable {
        long sizes = arena.allocateFrom(JAVA_LONG, 8, 10).address();
        long strides = arena.allocateFrom(JAVA_LONG, 10, 1).address();
        int dtype = DType.FLOAT32.code();
        require((int) EMPTY.invokeExact(2L, sizes, strides, dtype, 0, 0, slot.address()));
        tensor = slot.get(JAVA_LONG, 0);
        if (newHandleAndDelete() == tensor) {
            throw new IllegalStateException("the second handle is the first");
        }
    }

    @TearDown
    public void tearDown() throws Throwable {
        require((int) DELETE.invokeExact(tensor));
        arena.close();
    }

    /** C's {@code abs}. */
    @Benchmark
    public int call() throws Throwable {
        return (int) CALL.invokeExact(number);
    }

    /** The same as a critical call, without the thread's change of state. */
    @Benchmark
    public int criticalCall() throws Throwable {
        return (int) CRITICAL.invokeExact(number);
    }

    /** Two calls of libtorch: a second handle to a tensor, and its deletion. */
    @Benchmark
    public long newHandleAndDelete() throws Throwable {
        require((int) NEW_HANDLE.invokeExact(tensor, slot.address()));
        long handle = slot.get(JAVA_LONG, 0);
        require((int) DELETE.invokeExact(handle));
        return handle;
    }
}
