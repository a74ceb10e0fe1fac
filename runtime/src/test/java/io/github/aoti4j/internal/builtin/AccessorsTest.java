package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.stub.Accessor;
import io.github.aoti4j.bindings.stub.StubLibrary;
import io.github.aoti4j.bindings.stub.TensorRecord;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Tensors;
import io.github.aoti4j.libtorch.LibTorch;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/** The functions that are machine code answer as libtorch's do. */
@Tag("libtorch")
class AccessorsTest {
    private static final MethodHandle CALL =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle CALL_WITH_SIX =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(
                                    JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                                    JAVA_LONG));

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final long UNTOUCHED = 0x5a5a_5a5a_5a5a_5a5aL;

    private static final DType[] TYPES = {
        DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.INT64, DType.INT8, DType.BOOL
    };

    /** Both libraries, and a place for results. */
    private static final class Libraries implements AutoCloseable {
        final BuiltInEngine engine = BuiltInEngine.open(List.of(), 0, null);
        final NativeLibrary ours = NativeLibrary.ifLoaded(engine.soname()).orElseThrow();
        final NativeLibrary libtorch;
        final Arena arena = Arena.ofConfined();
        final MemorySegment result = arena.allocate(16, 16);

        Libraries() {
            LibTorch.load();
            libtorch = NativeLibrary.ifLoaded("libtorch_cpu.so").orElseThrow();
        }

        /** What a function leaves, or nothing if it fails. */
        Optional<Long> read(NativeLibrary library, String symbol, long... arguments)
                throws Throwable {
            result.set(JAVA_LONG, 0, UNTOUCHED);
            long tensor = arguments[0];
            MemorySegment function = library.address(symbol);
            int code =
                    arguments.length == 1
                            ? (int) CALL.invokeExact(function, tensor, result.address(), 0L)
                            : (int)
                                    CALL.invokeExact(
                                            function, tensor, arguments[1], result.address());
            if (code != 0) {
                assertEquals(UNTOUCHED, result.get(JAVA_LONG, 0), symbol);
                return Optional.empty();
            }
            return Optional.of(result.get(JAVA_LONG, 0));
        }

        @Override
        public void close() {
            arena.close();
            ours.close();
            libtorch.close();
            engine.close();
        }
    }

    @Provide
    Arbitrary<TensorSpec> tensors() {
        return Arbitraries.of(TYPES)
                .flatMap(
                        dtype ->
                                TensorSpec.shapes(6, 5)
                                        .flatMap(
                                                shape ->
                                                        TensorSpec.inputs(
                                                                dtype,
                                                                Values.SMALL,
                                                                shape.stream()
                                                                        .mapToLong(Long::longValue)
                                                                        .toArray())));
    }

    @Property(seed = "1", tries = 100)
    void readsWhatLibTorchReads(@ForAll("tensors") TensorSpec spec) throws Throwable {
        try (Libraries libraries = new Libraries();
                BothSides sides = new BothSides()) {
            TestTensor tensor = sides.input(spec);
            compare(libraries, tensor.value(false), tensor.value(true));
        }
    }

    /** Views have offsets, and storages larger than themselves. */
    @Example
    void readsViewsAsLibTorchDoes() throws Throwable {
        try (Libraries libraries = new Libraries();
                BothSides sides = new BothSides();
                Arena arena = Arena.ofConfined()) {
            TestTensor base = sides.input(TensorSpec.of(DType.FLOAT32, 6, 8));
            MemorySegment sizes = arena.allocateFrom(JAVA_LONG, 2, 3);
            MemorySegment strides = arena.allocateFrom(JAVA_LONG, 16, 2);
            MemorySegment slot = arena.allocate(JAVA_LONG);
            int code =
                    (int)
                            CALL_WITH_SIX.invokeExact(
                                    libraries.libtorch.address("aoti_torch__reinterpret_tensor"),
                                    base.value(false),
                                    2L,
                                    sizes.address(),
                                    strides.address(),
                                    9L,
                                    slot.address());
            assertEquals(0, code);
            long libtorch = slot.get(JAVA_LONG, 0);
            long ours = Tensors.begin(DType.FLOAT32.code(), 2);
            Tensors.setDimension(ours, 0, 2, 16);
            Tensors.setDimension(ours, 1, 3, 2);
            Tensors.view(ours, base.value(true), 9);
            compare(libraries, libtorch, ours);
            assertEquals(
                    9, libraries.read(libraries.ours, "aoti_torch_get_storage_offset", ours).get());
            TorchApi.deleteTensor(MemorySegment.ofAddress(libtorch));
            Tensors.delete(ours);
        }
    }

    private static void compare(Libraries libraries, long libtorch, long ours) throws Throwable {
        for (Accessor accessor : StubLibrary.accessors()) {
            String symbol = accessor.symbol();
            switch (accessor.kind()) {
                case CONSTANT, NOTHING -> {}
                case LONG_FIELD, INT_FIELD, INT_VALUE, IS_DEFINED ->
                        compareResults(
                                symbol,
                                ours,
                                libraries.read(libraries.libtorch, symbol, libtorch),
                                libraries.read(libraries.ours, symbol, ours));
                case ELEMENT -> {
                    for (long d = -8; d <= 8; d++) {
                        assertEquals(
                                libraries.read(libraries.libtorch, symbol, libtorch, d),
                                libraries.read(libraries.ours, symbol, ours, d),
                                symbol + " of dimension " + d);
                    }
                }
            }
        }
    }

    private static void compareResults(
            String symbol, long tensor, Optional<Long> libtorch, Optional<Long> ours) {
        boolean isArray = symbol.endsWith("_sizes") || symbol.endsWith("_strides");
        if (isArray) {
            for (int d = 0; d < Tensors.rank(tensor); d++) {
                assertEquals(
                        MEMORY.get(JAVA_LONG, libtorch.orElseThrow() + d * 8L),
                        MEMORY.get(JAVA_LONG, ours.orElseThrow() + d * 8L),
                        symbol);
            }
        } else if (Tensors.count(tensor) > 0 || !symbol.endsWith("_data_ptr")) {
            assertEquals(libtorch, ours, symbol);
        }
    }

    @Example
    void constantsAreThoseOfLibTorch() throws Throwable {
        try (Libraries libraries = new Libraries()) {
            int compared = 0;
            for (Accessor accessor : StubLibrary.accessors()) {
                String symbol = accessor.symbol();
                Optional<MemorySegment> libtorch = libraries.libtorch.find(symbol);
                // The mode of the thread is a variable in libtorch.
                if (accessor.kind() == Accessor.Kind.CONSTANT
                        && libtorch.isPresent()
                        && !symbol.contains("grad_mode")) {
                    int expected = (int) CALL.invokeExact(libtorch.get(), 0L, 0L, 0L);
                    MemorySegment ours = libraries.ours.address(symbol);
                    assertEquals(expected, (int) CALL.invokeExact(ours, 0L, 0L, 0L), symbol);
                    compared++;
                }
            }
            // All but those of a later libtorch than that of the tests: 2.10 has 38 of them.
            assertTrue(compared >= 38, "compared " + compared);
        }
    }

    /** As a guard of a model does: remembers the mode, turns it off, and restores it. */
    @Example
    void gradModeIsOff() throws Throwable {
        try (Libraries libraries = new Libraries()) {
            MemorySegment get = libraries.ours.address("aoti_torch_grad_mode_is_enabled");
            MemorySegment set = libraries.ours.address("aoti_torch_grad_mode_set_enabled");
            int ignored = (int) CALL.invokeExact(set, 1L, 0L, 0L);
            assertEquals(0, (int) CALL.invokeExact(get, 0L, 0L, 0L), "set returned " + ignored);
        }
    }

    @Example
    void whatIsNoTensorFails() throws Throwable {
        try (Libraries libraries = new Libraries();
                BothSides sides = new BothSides()) {
            long tensor = sides.input(TensorSpec.of(DType.FLOAT32, 2, 3)).value(true);
            for (int state : List.of(TensorRecord.FREE, TensorRecord.UNDEFINED, -1, 77)) {
                MEMORY.set(JAVA_INT, tensor + TensorRecord.STATE, state);
                requireFailures(libraries, tensor, state == TensorRecord.UNDEFINED);
            }
            MEMORY.set(JAVA_INT, tensor + TensorRecord.STATE, TensorRecord.LIVE);
            requireFailures(libraries, 0, false);
        }
    }

    private static void requireFailures(Libraries libraries, long handle, boolean undefined)
            throws Throwable {
        for (Accessor accessor : StubLibrary.accessors()) {
            String symbol = accessor.symbol();
            switch (accessor.kind()) {
                case CONSTANT, NOTHING -> {}
                case LONG_FIELD, INT_FIELD, INT_VALUE ->
                        assertEquals(
                                Optional.empty(), libraries.read(libraries.ours, symbol, handle));
                case ELEMENT ->
                        assertEquals(
                                Optional.empty(),
                                libraries.read(libraries.ours, symbol, handle, 0));
                case IS_DEFINED ->
                        assertEquals(
                                undefined ? Optional.of(UNTOUCHED & -256) : Optional.empty(),
                                libraries.read(libraries.ours, symbol, handle));
            }
        }
    }
}
