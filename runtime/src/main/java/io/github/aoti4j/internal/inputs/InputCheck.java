package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.cpp.SizeSymbol.Extent;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The input checks of a model, compiled into arrays: checking good inputs allocates nothing.
 *
 * <p>Call {@link #check} for each input and then {@link #checkExpressions} once. Both work on an
 * array of {@link #slotCount()} numbers that belongs to the caller, so that any number of threads
 * can share an instance, which is immutable.
 *
 * <p>The values of symbols are computed exactly as the model computes them. PyTorch 2.13 divides by
 * multiplying with a reciprocal: where a size is declared as {@code 3*s + 1}, the model takes
 * {@code s = (-1/3) + (1/3)*size}, which comes out one too small for many sizes. The model would
 * then compute with the wrong {@code s}; PyTorch's own check refuses such an input, and so does
 * this one. PyTorch 2.14 divides integers.
 */
public final class InputCheck {
    /** A size or stride that must equal an expression; its value is in {@code slot}. */
    private record Equality(SizeExpression expected, Extent extent, int slot) {}

    private final List<SizeSymbol> symbols;
    private final InputConstraint[] inputs;
    private final SizeSymbol[] computed;
    private final Equality[] equalities;
    private final int slotCount;

    public InputCheck(WrapperSource source, InputNames names) {
        this(source, names, false);
    }

    /**
     * Compiles the checks.
     *
     * @param allowEmpty whether sizes may be 0 where export has only assumed that they are not
     */
    public InputCheck(WrapperSource source, InputNames names, boolean allowEmpty) {
        symbols = source.symbols();
        inputs = new InputConstraint[source.inputCount()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = new InputConstraint(source.inputs().get(i), i, names, allowEmpty);
        }
        Map<Extent, Integer> slotOf = new HashMap<>();
        List<SizeSymbol> defined = new ArrayList<>();
        for (var symbol : symbols) {
            symbol.extent().ifPresent(extent -> bind(extent, symbol.slot(), slotOf));
            if (symbol.definition().isPresent()) {
                defined.add(symbol);
            }
        }
        computed = defined.toArray(new SizeSymbol[0]);
        List<Equality> found = new ArrayList<>();
        int slots = symbols.size();
        for (var input : source.inputs()) {
            for (int d = 0; d < input.dimensions().size(); d++) {
                var dimension = input.dimensions().get(d);
                var size = new Extent(input.index(), d, false);
                if (mustEqual(dimension.size(), slotOf.get(size))) {
                    if (!slotOf.containsKey(size)) {
                        bind(size, slots++, slotOf);
                    }
                    found.add(new Equality(dimension.size(), size, slotOf.get(size)));
                }
                var stride = new Extent(input.index(), d, true);
                if (mustEqual(dimension.stride(), slotOf.get(stride))) {
                    // Not the slot of a symbol: a stride that does not matter still has a value.
                    inputs[input.index()].comparedStrideSlot[d] = slots;
                    found.add(new Equality(dimension.stride(), stride, slots++));
                }
            }
        }
        equalities = found.toArray(new Equality[0]);
        slotCount = slots;
    }

    private void bind(Extent extent, int slot, Map<Extent, Integer> slotOf) {
        slotOf.put(extent, slot);
        var input = inputs[extent.input()];
        int[] slots = extent.isStride() ? input.strideSlot : input.sizeSlot;
        slots[extent.dimension()] = slot;
    }

    /** Numbers are checked as such, and a symbol always equals the extent that defines it. */
    private static boolean mustEqual(SizeExpression expression, Integer definingSlot) {
        return expression.isKnown()
                && !(expression instanceof Literal)
                && !(expression instanceof Symbol(var _, int slot)
                        && definingSlot != null
                        && slot == definingSlot);
    }

    /** Returns how long the array of slots must be. */
    public int slotCount() {
        return slotCount;
    }

    /**
     * Checks what depends on one input alone, and stores in the slots what the others need.
     *
     * @param sizes only the first {@code rank} elements count
     * @param strides in elements; only the first {@code rank} elements count
     * @param deviceType a {@code c10::DeviceType}; 0 is the CPU
     * @throws InvalidInputException if it does not fit the model
     */
    public void check(
            int index,
            int dtypeCode,
            int rank,
            long[] sizes,
            long[] strides,
            int deviceType,
            long[] slots) {
        var input = inputs[index];
        int flaw = input.flaw(dtypeCode, rank, sizes, strides, deviceType, slots);
        if (flaw != InputConstraint.FITS) {
            throw input.refusal(flaw, dtypeCode, rank, sizes, strides, deviceType);
        }
    }

    /** The same as {@link #check}, but returns whether the input fits. */
    public boolean accepts(
            int index,
            int dtypeCode,
            int rank,
            long[] sizes,
            long[] strides,
            int deviceType,
            long[] slots) {
        return inputs[index].flaw(dtypeCode, rank, sizes, strides, deviceType, slots)
                == InputConstraint.FITS;
    }

    /**
     * Returns whether an input has to be on a kind of device; false if the package does not say.
     */
    public boolean requiresDevice(int index, int deviceType) {
        return inputs[index].requiresDevice(deviceType);
    }

    /**
     * Returns whether the sizes and strides that depend on one another fit. All inputs must have
     * been through {@link #accepts} with the same slots.
     */
    public boolean acceptsExpressions(long[] slots) {
        try {
            computeSymbols(slots);
            for (Equality equality : equalities) {
                long actual = slots[equality.slot];
                if (actual != InputConstraint.NOT_COMPARED
                        && actual != equality.expected.toLong(slots)) {
                    return false;
                }
            }
            return true;
        } catch (ArithmeticException e) {
            // The model would divide by zero.
            return false;
        }
    }

    private void computeSymbols(long[] slots) {
        for (SizeSymbol symbol : computed) {
            slots[symbol.slot()] = symbol.definition().orElseThrow().toLong(slots);
        }
    }

    /**
     * The same as {@link #acceptsExpressions}, but throws.
     *
     * @throws InvalidInputException if an input does not fit the model
     */
    public void checkExpressions(long[] slots) {
        if (!acceptsExpressions(slots)) {
            explain(slots);
        }
    }

    private void explain(long[] slots) {
        for (SizeSymbol symbol : computed) {
            SizeExpression definition = symbol.definition().orElseThrow();
            try {
                slots[symbol.slot()] = definition.toLong(slots);
            } catch (ArithmeticException e) {
                throw new InvalidInputException(
                        "the model computes %s = %s from the sizes of its inputs, which divides by zero%s"
                                .formatted(
                                        symbol.name(),
                                        definition.text(),
                                        where(definition, slots)));
            }
        }
        for (Equality equality : equalities) {
            long actual = slots[equality.slot];
            if (actual != InputConstraint.NOT_COMPARED && actual != expected(equality, slots)) {
                throw unequal(equality, slots);
            }
        }
    }

    private long expected(Equality equality, long[] slots) {
        try {
            return equality.expected.toLong(slots);
        } catch (ArithmeticException e) {
            throw inputs[equality.extent.input()].invalid(
                    "%s must be %s, which divides by zero%s"
                            .formatted(
                                    name(equality.extent),
                                    equality.expected.text(),
                                    where(equality.expected, slots)));
        }
    }

    private InvalidInputException unequal(Equality equality, long[] slots) {
        var input = inputs[equality.extent.input()];
        String strideAdvice =
                equality.extent.isStride()
                        ? "; copy it into a tensor with strides " + input.spec.strides()
                        : "";
        return input.invalid(
                "%s must be %s = %d%s, but is %d%s"
                        .formatted(
                                name(equality.extent),
                                equality.expected.text(),
                                equality.expected.toLong(slots),
                                where(equality.expected, slots),
                                slots[equality.slot],
                                strideAdvice));
    }

    private static String name(Extent extent) {
        return (extent.isStride() ? "the stride of dimension " : "dimension ") + extent.dimension();
    }

    /** {@code ", the size of dimension 0 of input 0"}, or {@code " (s0 = 3, s1 = 4)"}. */
    private String where(SizeExpression expression, long[] slots) {
        if (expression instanceof Symbol(var _, int slot)
                && symbols.get(slot).extent().isPresent()) {
            return ", " + origin(symbols.get(slot).extent().get());
        }
        var used = new TreeSet<Integer>();
        collectSlots(expression, used);
        var parts = new ArrayList<String>();
        for (int slot : used) {
            var symbol = symbols.get(slot);
            String origin =
                    symbol.extent()
                            .map(extent -> ", " + origin(extent))
                            .or(() -> symbol.definition().map(d -> " = " + d.text()))
                            .orElse("");
            parts.add(symbol.name() + " = " + slots[slot] + origin);
        }
        return parts.isEmpty() ? "" : " (" + String.join("; ", parts) + ")";
    }

    private String origin(Extent extent) {
        return "the %s of dimension %d of %s"
                .formatted(
                        extent.isStride() ? "stride" : "size",
                        extent.dimension(),
                        inputs[extent.input()].label());
    }

    private static void collectSlots(SizeExpression expression, Set<Integer> slots) {
        switch (expression) {
            case Symbol(var _, int slot) -> slots.add(slot);
            case Unary(var _, var operand) -> collectSlots(operand, slots);
            case Binary(var _, var left, var right) -> {
                collectSlots(left, slots);
                collectSlots(right, slots);
            }
            case Literal _, SizeExpression.Real _, SizeExpression.Unknown _ -> {}
        }
    }

    /**
     * Returns the strides that an input must have, for the sizes of all inputs; row-major ones
     * where the model does not say, or where the sizes do not fit it. Strides of 0 share elements.
     */
    public long[] stridesFor(int index, long[][] sizes) {
        long[] strides = Shapes.contiguousStrides(sizes[index]);
        var dimensions = inputs[index].spec.dimensions();
        if (dimensions.size() != strides.length) {
            return strides;
        }
        long[] slots = new long[slotCount];
        try {
            for (int i = 0; i < inputs.length; i++) {
                inputs[i].assumeRowMajor(sizes[i], slots);
            }
            computeSymbols(slots);
            for (int d = 0; d < strides.length; d++) {
                var stride = dimensions.get(d).stride();
                strides[d] = stride.isKnown() ? stride.toLong(slots) : strides[d];
            }
            return strides;
        } catch (ArithmeticException e) {
            return Shapes.contiguousStrides(sizes[index]);
        }
    }
}
