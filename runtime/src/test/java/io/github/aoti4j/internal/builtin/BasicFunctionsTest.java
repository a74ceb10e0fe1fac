package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.aoti4j.core.DType;

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
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** What makes tensors and copies their elements, as libtorch does it. */
@Tag("libtorch")
class BasicFunctionsTest {
    private static final Operator COPY = Operator.of("aoti_torch_copy_");
    private static final Operator CLONE = Operator.of("aoti_torch_clone");
    private static final Operator CLONE_STRIDES = Operator.of("aoti_torch_clone_preserve_strides");
    private static final Operator ZERO = Operator.of("aoti_torch_zero_");
    private static final Operator FILL = Operator.of("aoti_torch_cpu_fill__Scalar");
    private static final Operator AS_STRIDED = Operator.of("aoti_torch_as_strided");

    private static final Operator SLICE = Operator.of("aoti_torch_cpu_slice_Tensor");
    private static final Operator REINTERPRET = Operator.of("aoti_torch__reinterpret_tensor");

    private static final List<DType> DTYPES =
            List.of(
                    DType.FLOAT32,
                    DType.FLOAT64,
                    DType.FLOAT16,
                    DType.BFLOAT16,
                    DType.INT64,
                    DType.INT32,
                    DType.INT16,
                    DType.INT8,
                    DType.UINT8,
                    DType.UINT16,
                    DType.UINT32,
                    DType.UINT64,
                    DType.BOOL);

    /** What is copied to where. */
    record Copy(TensorSpec source, TensorSpec destination) {}

    @Provide
    Arbitrary<Copy> copies() {
        return Combinators.combine(
                        Arbitraries.of(DTYPES),
                        Arbitraries.of(DTYPES),
                        TensorSpec.shapes(5, 7),
                        Arbitraries.longs())
                .flatAs(BasicFunctionsTest::copies);
    }

    private static Arbitrary<Copy> copies(DType from, DType to, List<Long> sizes, long seed) {
        // What does not fit an integer is undefined behaviour in C++.
        boolean fits = !from.isFloatingPoint() || to.isFloatingPoint() || to == DType.BOOL;
        Values values =
                fits
                        ? Values.HOSTILE
                        : to.torchName().startsWith("u") ? Values.SMALL : Values.WHOLE;
        return Combinators.combine(
                        TensorSpec.inputs(from, values, expandable(sizes, new Random(seed))),
                        TensorSpec.inputs(to, Values.SMALL, array(sizes)))
                .as(Copy::new);
    }

    /** Returns sizes that can be repeated to these, mostly. */
    private static long[] expandable(List<Long> sizes, Random random) {
        List<Long> result = new ArrayList<>(sizes);
        result.replaceAll(size -> random.nextInt(4) == 0 ? Long.valueOf(1) : size);
        if (random.nextInt(8) == 0) {
            result.addFirst(1L + random.nextInt(2));
        }
        return array(result.subList(random.nextInt(3) == 0 ? result.size() / 2 : 0, result.size()));
    }

    private static long[] array(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    @Property(seed = "1", tries = 1500)
    void copiesWithRepetitionAndConversion(@ForAll("copies") Copy copy) {
        try (BothSides sides = new BothSides()) {
            var source = sides.input(copy.source);
            var destination = sides.output(copy.destination);
            if (sides.call(COPY, destination, source, 0)) {
                sides.assertEqual(destination, Tolerance.EXACT);
            }
        }
    }

    @Provide
    Arbitrary<TensorSpec> any() {
        return Combinators.combine(Arbitraries.of(DTYPES), TensorSpec.shapes(6, 6))
                .flatAs((dtype, sizes) -> TensorSpec.inputs(dtype, Values.HOSTILE, array(sizes)));
    }

    @Property(seed = "2", tries = 500)
    void clones(@ForAll("any") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(spec);
            var clone = sides.result();
            assertTrue(sides.call(CLONE, self, clone));
            sides.assertEqual(clone, Tolerance.EXACT);
            var same = sides.result();
            assertTrue(sides.call(CLONE_STRIDES, self, same));
            sides.assertEqual(same, Tolerance.EXACT);
        }
    }

    @Property(seed = "3", tries = 500)
    void fills(@ForAll("any") TensorSpec spec, @ForAll Random random) {
        try (BothSides sides = new BothSides()) {
            var self = sides.output(spec.with(Values.SMALL));
            assertTrue(sides.call(ZERO, self));
            sides.assertEqual(self, Tolerance.EXACT);
            double value = random.nextInt(5) == 0 ? random.nextGaussian() * 1e6 : random.nextInt(9);
            if (sides.call(FILL, self, value)) {
                sides.assertEqual(self, Tolerance.EXACT);
            }
        }
    }

    @Property(seed = "4", tries = 800)
    void views(@ForAll("any") TensorSpec spec, @ForAll Random random) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(spec.with(Layout.CONTIGUOUS));
            var view = sides.result();
            long[] strides = random.longs(spec.rank(), -1, 12).toArray();
            if (random.nextInt(3) > 0) {
                strides = spec.with(Layout.REVERSED).strides();
            }
            if (sides.call(
                    AS_STRIDED, self, sides.longs(spec.shape()), sides.longs(strides), view)) {
                sides.assertEqual(view, Tolerance.EXACT);
            }
        }
    }

    @Property(seed = "5", tries = 1500)
    void readsOneNumber(@ForAll("numbers") TensorSpec spec, @ForAll("dtypes") DType dtype) {
        Operator item = Operator.of("aoti_torch_item_" + dtype.toString().toLowerCase(Locale.ROOT));
        try (BothSides sides = new BothSides();
                Arena arena = Arena.ofConfined()) {
            MemorySegment expected = arena.allocate(16);
            MemorySegment actual = arena.allocate(16);
            BothSides.Argument result = ours -> (ours ? actual : expected).address();
            if (sides.call(item, sides.input(spec), result)) {
                assertArrayEquals(
                        expected.toArray(JAVA_BYTE),
                        actual.toArray(JAVA_BYTE),
                        () -> spec + " as " + dtype);
            }
        }
    }

    @Provide
    Arbitrary<DType> dtypes() {
        return Arbitraries.of(DTYPES);
    }

    @Provide
    Arbitrary<TensorSpec> numbers() {
        return Combinators.combine(
                        Arbitraries.of(DTYPES),
                        Arbitraries.of(List.<Long>of(), List.of(1L), List.of(1L, 1L), List.of(2L)),
                        Arbitraries.of(Values.class))
                .flatAs((dtype, sizes, values) -> TensorSpec.inputs(dtype, values, array(sizes)));
    }

    @Example
    void largeTensorsAreCopiedInAnyLayout() {
        for (Layout layout : List.of(Layout.CONTIGUOUS, Layout.REVERSED, Layout.PADDED)) {
            try (BothSides sides = new BothSides()) {
                var source = sides.input(TensorSpec.of(DType.FLOAT32, 30, 40, 50).with(layout));
                var destination = sides.output(TensorSpec.of(DType.BFLOAT16, 30, 40, 50));
                assertTrue(sides.call(COPY, destination, source, 0));
                sides.assertEqual(destination, Tolerance.EXACT);
            }
        }
    }

    /** Models reinterpret views, and weights that start further on in their memory. */
    @Example
    void viewsOfViewsStartWhereTheseStart() {
        try (BothSides sides = new BothSides()) {
            var base = sides.input(TensorSpec.of(DType.FLOAT32, 7, 5));
            var slice = sides.result();
            assertTrue(sides.call(SLICE, base, 0L, sides.longs(2), 0L, 1L, slice));
            BothSides.Argument view = ours -> ours ? slice.ours() : slice.libtorch();
            var result = sides.result();
            var sizes = sides.longs(2, 4);
            var strides = sides.longs(3, 1);
            assertTrue(sides.call(REINTERPRET, view, 2L, sizes, strides, 3L, result));
            sides.assertEqual(result, Tolerance.EXACT);
            var strided = sides.result();
            var sizesOfRank = sides.longs(3, 2);
            assertTrue(sides.call(AS_STRIDED, view, sizesOfRank, sides.longs(2, 5), strided));
            sides.assertEqual(strided, Tolerance.EXACT);
        }
    }
}
