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
    /** Bounds, or the widest; what is not said is unknown. */
    static final class Dimension {
        long min;
        long max = Long.MAX_VALUE;
        SizeExpression size = Unknown.NOTHING;
        SizeExpression stride = Unknown.NOTHING;
    }

    final int index;
    String name = "";
    Optional<DType> dtype = Optional.empty();
    OptionalInt deviceType = OptionalInt.empty();

    /** Whether a function checks it. */
    boolean hasCheck;

    /**
     * Whether the model reads it with {@code aoti_torch_item_…}, from any tensor of one element.
     */
    boolean readAsScalar;

    private final List<Dimension> checked = new ArrayList<>();
    private List<SizeExpression> assertedSizes;
    private List<SizeExpression> assertedStrides;

    InputBuilder(int index) {
        this.index = index;
    }

    /** What is checked of a dimension. */
    Dimension dimension(int dimension) {
        while (checked.size() <= dimension) {
            checked.add(new Dimension());
        }
        return checked.get(dimension);
    }

    /** The sizes and strides that are asserted before the input is used; the first ones count. */
    void asserted(List<SizeExpression> sizes, List<SizeExpression> strides) {
        if (assertedSizes == null && sizes.size() == strides.size()) {
            assertedSizes = sizes;
            assertedStrides = strides;
        }
    }

    /**
     * Puts it together.
     *
     * @param everyDimensionChecked whether each dimension of each input has left a check, so that
     *     the highest one seen gives the rank
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
                dtype,
                deviceType,
                rankKnown,
                List.copyOf(dimensions),
                samples.requireOtherStrides(dimensions),
                readAsScalar);
    }

    private DimensionSpec build(int i, SymbolTable symbols, SampleSizes samples) {
        var check = i < checked.size() ? checked.get(i) : new Dimension();
        SizeExpression size =
                choose(i, check.size, assertedSizes, symbols.symbolOf(new Extent(index, i, false)));
        SizeExpression stride = choose(i, check.stride, assertedStrides, null);
        if (size instanceof Literal(long value)) {
            return new DimensionSpec(value, value, value, size, stride);
        }
        long min = samples.acceptedMinimum(check.min, size);
        long emptyMin = samples.emptyMinimum(check.min, size);
        return new DimensionSpec(min, emptyMin, check.max, size, stride);
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
