package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Unknown;
import io.github.aoti4j.internal.cpp.SizeSymbol.Extent;
import io.github.aoti4j.internal.cpp.SymbolTable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Gathers what a source says of one input, in whatever order, and puts it together. */
final class InputBuilder {
    /** A bound as the source has it, or the widest. */
    private static final class Dimension {
        long min;
        long max = Long.MAX_VALUE;
        SizeExpression size = Unknown.NOTHING;
        SizeExpression stride = Unknown.NOTHING;
    }

    final int index;
    private String name = "";
    private DType dtype;
    private OptionalInt deviceType = OptionalInt.empty();
    private final List<Dimension> checked = new ArrayList<>();
    private List<SizeExpression> assertedSizes;
    private List<SizeExpression> assertedStrides;
    private boolean hasCheck;
    private boolean readAsScalar;

    InputBuilder(int index) {
        this.index = index;
    }

    void name(String name) {
        this.name = name;
    }

    void dtype(DType dtype) {
        this.dtype = dtype;
    }

    void deviceType(int number) {
        deviceType = OptionalInt.of(number);
    }

    /** There is a function that checks it. */
    void hasCheck() {
        hasCheck = true;
    }

    /** The model reads it with {@code aoti_torch_item_…}: any tensor of one element will do. */
    void readAsScalar() {
        readAsScalar = true;
    }

    void size(int dimension, long size) {
        at(dimension).size = new Literal(size);
    }

    void min(int dimension, long min) {
        at(dimension).min = min;
    }

    void max(int dimension, long max) {
        at(dimension).max = max;
    }

    void stride(int dimension, long stride) {
        at(dimension).stride = new Literal(stride);
    }

    /** The sizes and strides that are asserted before the input is used; the first ones count. */
    void asserted(List<SizeExpression> sizes, List<SizeExpression> strides) {
        if (assertedSizes == null && sizes.size() == strides.size()) {
            assertedSizes = sizes;
            assertedStrides = strides;
        }
    }

    private Dimension at(int dimension) {
        while (checked.size() <= dimension) {
            checked.add(new Dimension());
        }
        return checked.get(dimension);
    }

    /**
     * Puts it together.
     *
     * @param symbols the names of sizes and strides
     * @param everyDimensionChecked whether each dimension of each input has left a check, so that
     *     the highest one seen tells the rank
     */
    InputSpec build(SymbolTable symbols, SampleSizes samples, boolean everyDimensionChecked) {
        int mentioned = Math.max(checked.size(), symbols.rankUsed(index));
        if (assertedSizes != null && assertedSizes.size() < mentioned) {
            assertedSizes = null; // it contradicts the rest, so nothing is sure
            assertedStrides = null;
        }
        int rank = assertedSizes != null ? assertedSizes.size() : mentioned;
        var dimensions = new ArrayList<DimensionSpec>(rank);
        for (int i = 0; i < rank; i++) {
            dimensions.add(build(i, symbols, samples));
        }
        boolean rankKnown =
                assertedSizes != null || (everyDimensionChecked && hasCheck && !readAsScalar);
        return new InputSpec(
                index,
                name,
                Optional.ofNullable(dtype),
                deviceType,
                rankKnown,
                List.copyOf(dimensions),
                samples.demandOtherStrides(dimensions),
                readAsScalar);
    }

    private DimensionSpec build(int i, SymbolTable symbols, SampleSizes samples) {
        var check = i < checked.size() ? checked.get(i) : new Dimension();
        SizeExpression size =
                choose(i, check.size, assertedSizes, symbols.symbolOf(new Extent(index, i, false)));
        SizeExpression stride = choose(i, check.stride, assertedStrides, null);
        if (size instanceof Literal(long value)) {
            return new DimensionSpec(value, value, size, stride);
        }
        long min = DimensionSpec.acceptedMinimum(check.min, size, samples);
        return new DimensionSpec(min, check.max, size, stride);
    }

    /** A number that is checked, else what is asserted, else the symbol defined as this extent. */
    private static SizeExpression choose(
            int i, SizeExpression check, List<SizeExpression> asserted, SizeExpression symbol) {
        if (check.isKnown()) {
            return check;
        }
        if (asserted != null && (asserted.get(i).isKnown() || symbol == null)) {
            return asserted.get(i);
        }
        return symbol != null ? symbol : check;
    }
}
