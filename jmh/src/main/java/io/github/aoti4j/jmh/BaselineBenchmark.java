package io.github.aoti4j.jmh;

import io.github.aoti4j.bindings.torch.FastTensorApi;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.libtorch.LibTorch;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;

/** What runs are made of: one call from Java to C, and what tensor handles cost. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Thread)
public class BaselineBenchmark {
    private static final FunctionDescriptor ABS =
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle CALL = abs();
    private static final MethodHandle CRITICAL = abs(Linker.Option.critical(false));

    private Arena arena;
    private MemorySegment tensor;
    private MemorySegment slot;
    private int number = -42;

    private static MethodHandle abs(Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow("abs"), ABS, options);
    }

    /** Makes a tensor. */
    @Setup
    public void setUp() {
        LibTorch.load();
        arena = Arena.ofConfined();
        slot = arena.allocate(ValueLayout.ADDRESS);
        MemorySegment sizes = arena.allocateFrom(ValueLayout.JAVA_LONG, 8, 10);
        MemorySegment strides = arena.allocateFrom(ValueLayout.JAVA_LONG, 10, 1);
        TorchApi.emptyStrided(2, sizes, strides, DType.FLOAT32.code(), slot);
        tensor = slot.get(ValueLayout.ADDRESS, 0);
        if (newHandleAndDelete() == tensor.address()) {
            throw new IllegalStateException("a second handle is the first");
        }
    }

    /** Frees it. */
    @TearDown
    public void tearDown() {
        TorchApi.deleteTensor(tensor);
        arena.close();
    }

    /**
     * C's {@code abs}: what there is to a call.
     *
     * @return 42
     * @throws Throwable never
     */
    @Benchmark
    public int call() throws Throwable {
        return (int) CALL.invokeExact(number);
    }

    /**
     * The same as a critical call, which does without the thread's change of state.
     *
     * @return 42
     * @throws Throwable never
     */
    @Benchmark
    public int criticalCall() throws Throwable {
        return (int) CRITICAL.invokeExact(number);
    }

    /** Two calls of libtorch: a second handle to a tensor, and its end. */
    @Benchmark
    public long newHandleAndDelete() {
        FastTensorApi.newHandle(tensor.address(), slot.address());
        long handle = slot.get(ValueLayout.JAVA_LONG, 0);
        FastTensorApi.delete(handle);
        return handle;
    }
}
