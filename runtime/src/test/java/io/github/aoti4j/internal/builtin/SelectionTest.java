package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.math.Selection;
import io.github.aoti4j.internal.builtin.tensor.Creation;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Operators whose results have as many elements as the data say. */
@Tag("libtorch")
class SelectionTest {
    private static final Operator NONZERO = Operator.of("aoti_torch_cpu_nonzero");
    private static final Operator SELECT = Operator.of("aoti_torch_cpu_masked_select");
    private static final Operator REPEAT = Operator.of("aoti_torch_cpu_repeat_interleave_Tensor");
    private static final Operator INDEX = Operator.of("aoti_torch_cpu_index_Tensor");

    private static final DType[] NUMBERS = {
        DType.FLOAT32,
        DType.FLOAT64,
        DType.BFLOAT16,
        DType.FLOAT16,
        DType.INT64,
        DType.INT32,
        DType.INT16,
        DType.INT8,
        DType.UINT8,
        DType.BOOL
    };

    private static Arbitrary<TensorSpec> tensors(Values values, DType... dtypes) {
        return Arbitraries.of(dtypes)
                .flatMap(
                        dtype ->
                                TensorSpec.shapes(4, 6)
                                        .flatMap(s -> TensorSpec.inputs(dtype, values, array(s))));
    }

    private static long[] array(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    @Provide
    Arbitrary<TensorSpec> numbers() {
        return tensors(Values.WHOLE, NUMBERS);
    }

    @Property(seed = "1", tries = 500)
    void nonzero(@ForAll("numbers") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            assertTrue(sides.call(NONZERO, sides.input(spec), result));
            sides.assertEqual(result, Tolerance.EXACT);
        }
    }

    /** libtorch has the function from 2.11 on. */
    @Example
    void asManyIndicesAsWanted() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(JAVA_LONG);
            MemorySegment data = arena.allocateFrom(JAVA_LONG, 0, 5, 7, 0, 0, 1);
            long sizes = arena.allocateFrom(JAVA_LONG, 2, 3).address();
            long strides = arena.allocateFrom(JAVA_LONG, 3, 1).address();
            int dtype = DType.INT64.code();
            Creation.fromBlob(data.address(), 2, sizes, strides, 0, dtype, 0, 0, slot.address());
            long tensor = slot.get(JAVA_LONG, 0);
            long[][] expected = {{}, {0, 1, 0, 2}, {0, 1, 0, 2, 1, 2, -1, -1}};
            for (int i = 0; i < 3; i++) {
                Selection.nonzeroStatic(tensor, 2L * i, -1, slot.address());
                long result = slot.get(JAVA_LONG, 0);
                assertArrayEquals(
                        expected[i],
                        RawMemory.longs(Tensors.data(result), (int) Tensors.count(result)));
                Tensors.delete(result);
            }
            Tensors.delete(tensor);
        }
    }

    /** A tensor, and a mask of sizes that fit or not. */
    record Masked(TensorSpec self, TensorSpec mask) {}

    @Provide
    Arbitrary<Masked> masked() {
        return Combinators.combine(
                        tensors(Values.SMALL, NUMBERS),
                        Arbitraries.longs().between(0, 15),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.of(Layout.class),
                        Arbitraries.longs())
                .as(
                        (self, ones, dropped, layout, seed) -> {
                            long[] sizes = self.shape();
                            for (int d = 0; d < sizes.length; d++) {
                                sizes[d] = (ones >> d & 1) != 0 ? 1 : sizes[d];
                            }
                            int from = Math.min(dropped, sizes.length);
                            long[] kept = Arrays.copyOfRange(sizes, from, sizes.length);
                            var mask = TensorSpec.of(DType.BOOL, kept).with(layout).withSeed(seed);
                            return new Masked(self, mask);
                        });
    }

    @Property(seed = "2", tries = 500)
    void maskedSelect(@ForAll("masked") Masked c) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            assertTrue(sides.call(SELECT, sides.input(c.self), sides.input(c.mask), result));
            sides.assertEqual(result, Tolerance.EXACT);
        }
    }

    @Example
    void masksThatDoNotFitAreRefused() {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(TensorSpec.of(DType.FLOAT32, 3, 4));
            var mask = sides.input(TensorSpec.of(DType.BOOL, 3));
            assertFalse(sides.call(SELECT, self, mask, sides.result()));
        }
    }

    @Provide
    Arbitrary<TensorSpec> repeats() {
        return Arbitraries.of(DType.INT64, DType.INT32)
                .flatMap(
                        dtype ->
                                TensorSpec.sizes(9)
                                        .flatMap(n -> TensorSpec.inputs(dtype, Values.WHOLE, n)));
    }

    /** Half of them are negative, which both refuse. */
    @Property(seed = "3", tries = 300)
    void repeatInterleave(@ForAll("repeats") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            if (sides.call(REPEAT, sides.input(spec), 0L, result)) {
                sides.assertEqual(result, Tolerance.EXACT);
            }
        }
    }

    /**
     * What is indexed, and for each of its first dimensions an index's sizes, a mask, or nothing.
     */
    record Indexed(TensorSpec self, List<Integer> kinds, List<Long> shared, long seed) {}

    @Provide
    Arbitrary<Indexed> indexed() {
        return Combinators.combine(
                        Arbitraries.of(DType.FLOAT32, DType.INT64, DType.BOOL)
                                .flatMap(
                                        d ->
                                                Arbitraries.longs()
                                                        .between(4, 6)
                                                        .list()
                                                        .ofMinSize(1)
                                                        .ofMaxSize(4)
                                                        .map(s -> TensorSpec.of(d, array(s)))),
                        Arbitraries.integers().between(0, 4).list().ofMinSize(1).ofMaxSize(5),
                        TensorSpec.shapes(2, 3),
                        Arbitraries.longs())
                .as(Indexed::new);
    }

    /** Indices are between -4 and 4: some are out of bounds, which both refuse. */
    @Property(seed = "4", tries = 800)
    void index(@ForAll("indexed") Indexed c) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(c.self.withSeed(c.seed));
            List<TestTensor> indices = new ArrayList<>();
            int dimension = 0;
            for (int kind : c.kinds) {
                long[] shape = array(c.shared);
                TensorSpec spec =
                        switch (kind) {
                            case 0 -> null;
                            case 1 ->
                                    TensorSpec.of(
                                            DType.BOOL,
                                            dimension < c.self.rank()
                                                    ? c.self.shape()[dimension]
                                                    : 4);
                            case 2 -> TensorSpec.of(DType.INT64);
                            case 3 -> TensorSpec.of(DType.INT32, shape);
                            default -> TensorSpec.of(DType.INT64, shape).with(Layout.PADDED);
                        };
                dimension++;
                indices.add(
                        spec == null
                                ? null
                                : sides.input(
                                        spec.with(Values.WHOLE).withSeed(c.seed + dimension)));
            }
            var result = sides.result();
            if (c.kinds.stream().allMatch(k -> k == 0)) {
                sides.callOurs(
                        INDEX, self, sides.optionals(indices), (long) indices.size(), result);
                return;
            }
            boolean same =
                    sides.call(
                            INDEX, self, sides.optionals(indices), (long) indices.size(), result);
            // Strides of nothing do not matter.
            if (same && Tensors.count(result.ours()) > 0) {
                sides.assertEqual(result, Tolerance.EXACT);
            }
        }
    }
}
