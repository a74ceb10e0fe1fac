package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.aoti4j.core.DType;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.util.ArrayList;
import java.util.List;

/** Slices and concatenations. */
@Tag("libtorch")
class PiecesTest {
    private static final Operator SLICE = Operator.of("aoti_torch_cpu_slice_Tensor");
    private static final Operator CAT = Operator.of("aoti_torch_cpu_cat");

    private static final DType[] DTYPES = {
        DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.INT64, DType.INT16, DType.BOOL
    };

    private static long[] array(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    /** A slice; null where an end is left out. */
    record Sliced(TensorSpec self, long dim, Long start, Long end, long step) {}

    @Provide
    Arbitrary<Sliced> sliced() {
        return Combinators.combine(
                        Arbitraries.of(DTYPES)
                                .flatMap(
                                        d ->
                                                TensorSpec.shapes(4, 6)
                                                        .flatMap(
                                                                s ->
                                                                        TensorSpec.inputs(
                                                                                d,
                                                                                Values.SMALL,
                                                                                array(s)))),
                        Arbitraries.longs().between(-5, 4),
                        Arbitraries.longs().between(-9, 9).injectNull(0.2),
                        Arbitraries.longs().between(-9, 9).injectNull(0.2),
                        Arbitraries.longs().between(0, 7))
                .as(Sliced::new);
    }

    @Property(seed = "1", tries = 800)
    void slice(@ForAll("sliced") Sliced c) {
        try (BothSides sides = new BothSides()) {
            var self = sides.input(c.self);
            var result = sides.result();
            Object start = c.start == null ? 0L : sides.longs(c.start);
            Object end = c.end == null ? 0L : sides.longs(c.end);
            if (sides.call(SLICE, self, c.dim, start, end, c.step, result)) {
                sides.assertEqual(result, Tolerance.EXACT);
            }
        }
    }

    /** Tensors that differ in one dimension. */
    record Joined(DType dtype, List<Long> sizes, List<Long> parts, Layout layout, long dim) {}

    @Provide
    Arbitrary<Joined> joined() {
        return Combinators.combine(
                        Arbitraries.of(DTYPES),
                        TensorSpec.shapes(3, 5),
                        TensorSpec.sizes(4).list().ofMinSize(1).ofMaxSize(4),
                        Arbitraries.of(Layout.class),
                        Arbitraries.longs().between(-4, 3))
                .as(Joined::new);
    }

    @Property(seed = "2", tries = 800)
    void cat(@ForAll("joined") Joined c) {
        try (BothSides sides = new BothSides()) {
            List<TestTensor> parts = new ArrayList<>();
            int rank = c.sizes.size();
            for (long size : c.parts) {
                long[] shape = array(c.sizes);
                if (c.dim >= -rank && c.dim < rank) {
                    shape[(int) Math.floorMod(c.dim, (long) rank)] = size;
                }
                parts.add(
                        sides.input(
                                TensorSpec.of(c.dtype, shape)
                                        .with(c.layout)
                                        .withSeed(parts.size())));
            }
            var result = sides.result();
            if (sides.call(CAT, sides.tensors(parts), (long) parts.size(), c.dim, result)) {
                sides.assertEqual(result, Tolerance.EXACT);
            }
        }
    }

    @Example
    void whatDoesNotFitIsRefused() {
        try (BothSides sides = new BothSides()) {
            var a = sides.input(TensorSpec.of(DType.FLOAT32, 2, 3));
            var b = sides.input(TensorSpec.of(DType.FLOAT32, 2, 4));
            assertFalse(sides.call(CAT, sides.tensors(List.of(a, b)), 2L, 0L, sides.result()));
            var other = sides.input(TensorSpec.of(DType.FLOAT64, 2, 3));
            var mixed = sides.tensors(List.of(a, other));
            assertFalse(sides.callOurs(CAT, mixed, 2L, 0L, sides.result()));
        }
    }
}
