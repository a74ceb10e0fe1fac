package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.core.DType;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

import java.util.Arrays;
import java.util.List;

/**
 * A random tensor, small enough to be printed and shrunk: its elements and strides follow from a
 * seed.
 */
record TensorSpec(DType dtype, List<Long> sizes, Layout layout, Values values, long seed) {
    /** Returns a tensor of these sizes, small values, contiguous. */
    static TensorSpec of(DType dtype, long... sizes) {
        return new TensorSpec(
                dtype,
                Arrays.stream(sizes).boxed().toList(),
                Layout.CONTIGUOUS,
                Values.SMALL,
                Arrays.hashCode(sizes));
    }

    TensorSpec with(Layout other) {
        return new TensorSpec(dtype, sizes, other, values, seed);
    }

    TensorSpec with(Values other) {
        return new TensorSpec(dtype, sizes, layout, other, seed);
    }

    TensorSpec with(DType other) {
        return new TensorSpec(other, sizes, layout, values, seed);
    }

    TensorSpec withSeed(long other) {
        return new TensorSpec(dtype, sizes, layout, values, other);
    }

    int rank() {
        return sizes.size();
    }

    long[] shape() {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    long[] strides() {
        return layout.strides(shape(), seed);
    }

    long offset() {
        return layout.offset(seed);
    }

    /** Returns how many elements the memory holds. */
    long extent() {
        long[] shape = shape();
        long[] strides = strides();
        long last = offset();
        for (int d = 0; d < shape.length; d++) {
            if (shape[d] == 0) {
                return offset();
            }
            last += (shape[d] - 1) * strides[d];
        }
        return last + 1;
    }

    /** Tensors of given sizes in any layout. */
    static Arbitrary<TensorSpec> inputs(DType dtype, Values values, long... sizes) {
        return specs(Arbitraries.of(Layout.GENERAL), dtype, values, sizes);
    }

    /** Tensors of given sizes in any layout in which each element has memory of its own. */
    static Arbitrary<TensorSpec> outputs(DType dtype, Values values, long... sizes) {
        return specs(
                Arbitraries.of(Layout.GENERAL).filter(l -> l != Layout.EXPANDED),
                dtype,
                values,
                sizes);
    }

    private static Arbitrary<TensorSpec> specs(
            Arbitrary<Layout> layouts, DType dtype, Values values, long... sizes) {
        List<Long> shape = Arrays.stream(sizes).boxed().toList();
        return Combinators.combine(layouts, Arbitraries.longs())
                .as((layout, seed) -> new TensorSpec(dtype, shape, layout, values, seed));
    }

    /** Sizes of one dimension: mostly small, 0 and 1 often. */
    static Arbitrary<Long> sizes(int most) {
        return Arbitraries.frequencyOf(
                Tuple.of(1, Arbitraries.just(0L)),
                Tuple.of(3, Arbitraries.just(1L)),
                Tuple.of(12, Arbitraries.longs().between(2, most)));
    }

    /** Sizes of all dimensions. */
    static Arbitrary<List<Long>> shapes(int mostDimensions, int mostSize) {
        return sizes(mostSize).list().ofMaxSize(mostDimensions);
    }
}
