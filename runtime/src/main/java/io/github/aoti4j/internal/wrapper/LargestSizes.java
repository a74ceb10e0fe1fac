package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.memory.Sizes;

import java.util.List;
import java.util.OptionalLong;

/** The largest sizes that a model's inputs may have. */
public final class LargestSizes {
    private final WrapperSource source;
    private final long[] values;

    public LargestSizes(WrapperSource source) {
        this.source = source;
        this.values = evaluate(source);
    }

    /** Returns the values of the source's symbols, by their slots; null if one has no bound. */
    long[] values() {
        return values;
    }

    private static long[] evaluate(WrapperSource source) {
        List<SizeSymbol> symbols = source.symbols();
        long[] values = new long[symbols.size()];
        for (SizeSymbol symbol : symbols) {
            long value = value(source, symbol, values);
            if (value < 0 || value >= Sizes.MOST) {
                return null;
            }
            values[symbol.slot()] = value;
        }
        return values;
    }

    /** Returns -1 if it is not known. */
    private static long value(WrapperSource source, SizeSymbol symbol, long[] before) {
        try {
            if (symbol.extent().isEmpty()) {
                SizeExpression definition = symbol.definition().orElseThrow();
                return definition.isInteger() ? definition.toLong(before) : -1;
            }
        } catch (ArithmeticException e) {
            return -1;
        }
        SizeSymbol.Extent extent = symbol.extent().get();
        List<DimensionSpec> dimensions = source.inputs().get(extent.input()).dimensions();
        return extent.isStride() || extent.dimension() >= dimensions.size()
                ? -1
                : dimensions.get(extent.dimension()).max();
    }

    /** Returns what all inputs take together, in bytes; empty if that is not known. */
    public OptionalLong inputBytes() {
        long sum = 0;
        for (InputSpec input : source.inputs()) {
            long bytes = values == null ? fixed(input) : largest(input);
            if (bytes < 0) {
                return OptionalLong.empty();
            }
            sum = Sizes.add(sum, bytes);
        }
        return OptionalLong.of(sum);
    }

    private static long fixed(InputSpec input) {
        return input.fixedShape().isPresent() ? bytes(input, input.fixedShape().get()) : -1;
    }

    private long largest(InputSpec input) {
        long[] shape = new long[input.dimensions().size()];
        for (int d = 0; d < shape.length; d++) {
            DimensionSpec dimension = input.dimensions().get(d);
            try {
                shape[d] =
                        dimension.size().isInteger()
                                ? dimension.size().toLong(values)
                                : dimension.max();
            } catch (ArithmeticException e) {
                return -1;
            }
        }
        return input.rankKnown() ? bytes(input, shape) : -1;
    }

    private static long bytes(InputSpec input, long[] shape) {
        if (input.dtype().isEmpty()) {
            return -1;
        }
        DType dtype = input.dtype().get();
        long bytes = dtype.byteSize();
        for (long size : shape) {
            if (size < 0 || size >= Sizes.MOST) {
                return -1;
            }
            bytes = size == 0 ? 0 : bytes > Sizes.MOST / size ? Sizes.MOST : bytes * size;
        }
        return bytes;
    }
}
