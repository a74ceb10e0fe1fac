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
    private final InputConstraint[] demands;
    private final SizeSymbol[] computed;
    private final Equality[] equalities;
    private final int slotCount;

    /**
     * Compiles the checks.
     *
     * @param names what the caller calls the inputs, for messages; where the list is shorter or a
     *     name is empty, the input's number does
     */
    public InputCheck(WrapperSource source, List<String> names) {
        this(source, new InputNames(names));
    }

    /** Compiles the checks. */
    public InputCheck(WrapperSource source, InputNames names) {
        symbols = source.symbols();
        demands = new InputConstraint[source.inputCount()];
        for (int i = 0; i < demands.length; i++) {
            demands[i] = new InputConstraint(source.inputs().get(i), i, names);
        }
        Map<Extent, Integer> slotOf = new HashMap<>();
        for (var symbol : symbols) {
            if (symbol.extent().isPresent()) {
                bind(symbol.extent().get(), symbol.slot(), slotOf);
            }
        }
        List<SizeSymbol> defined = new ArrayList<>();
        for (var symbol : symbols) {
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
                    demands[input.index()].putComparedStride(d, slots);
                    found.add(new Equality(dimension.stride(), stride, slots++));
                }
            }
        }
        equalities = found.toArray(new Equality[0]);
        slotCount = slots;
    }

    private void bind(Extent extent, int slot, Map<Extent, Integer> slotOf) {
        slotOf.put(extent, slot);
        if (extent.isStride()) {
            demands[extent.input()].putStride(extent.dimension(), slot);
        } else {
            demands[extent.input()].putSize(extent.dimension(), slot);
        }
    }

    /** Numbers are checked as such, and a symbol always equals the extent that defines it. */
    private static boolean mustEqual(SizeExpression expression, Integer definingSlot) {
        return expression.isKnown()
                && !(expression instanceof Literal)
                && !(expression instanceof Symbol(var _, int slot)
                        && definingSlot != null
                        && slot == definingSlot);
    }

    /** Returns how many inputs the model takes. */
    public int inputCount() {
        return demands.length;
    }

    /** Returns how long the array of slots must be: the number of slots. */
    public int slotCount() {
        return slotCount;
    }

    /**
     * Returns what messages call an input.
     *
     * @param index the input's index
     * @return for example {@code input 0 kwargs.image (arg0_1)}
     */
    public String label(int index) {
        return demands[index].label();
    }

    /**
     * Checks what can be told from one input alone, and keeps what the others need.
     *
     * @param index the input's index
     * @param sizes its sizes; only the first {@code rank} elements count
     * @param strides its strides, in elements; only the first {@code rank} elements count
     * @param deviceType the number of its device; 0 is the CPU
     * @param slots the caller's slots
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
        demands[index].check(dtypeCode, rank, sizes, strides, deviceType, slots);
    }

    /**
     * Returns whether an input fits as far as it can be told from it alone, and keeps what the
     * others need; the same as {@link #check} without an exception.
     *
     * @param index the input's index
     * @param sizes its sizes; only the first {@code rank} elements count
     * @param strides its strides, in elements; only the first {@code rank} elements count
     * @param deviceType the number of its device; 0 is the CPU
     * @param slots the caller's slots
     * @return whether it fits
     */
    public boolean accepts(
            int index,
            int dtypeCode,
            int rank,
            long[] sizes,
            long[] strides,
            int deviceType,
            long[] slots) {
        return demands[index].flaw(dtypeCode, rank, sizes, strides, deviceType, slots)
                == InputConstraint.FITS;
    }

    /**
     * Returns whether an input has to be on a kind of device.
     *
     * @param index the input's index
     * @return false also if the package does not say
     */
    public boolean demandsDevice(int index, int deviceType) {
        return demands[index].demandsDevice(deviceType);
    }

    /**
     * Returns whether the sizes and strides that depend on one another fit; the same as {@link
     * #checkExpressions} without an exception.
     *
     * @param slots the caller's slots, filled by {@link #accepts} for all inputs
     * @return whether they fit
     */
    public boolean acceptsExpressions(long[] slots) {
        try {
            for (SizeSymbol symbol : computed) {
                slots[symbol.slot()] = symbol.definition().orElseThrow().toLong(slots);
            }
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

    /**
     * Checks the sizes and strides that depend on one another. All inputs must have been through
     * {@link #check} with the same slots.
     *
     * @param slots the caller's slots
     * @throws InvalidInputException if an input does not fit the model
     */
    public void checkExpressions(long[] slots) {
        if (!acceptsExpressions(slots)) {
            explain(slots);
        }
    }

    private void explain(long[] slots) {
        for (SizeSymbol symbol : computed) {
            compute(symbol, slots);
        }
        for (Equality equality : equalities) {
            long actual = slots[equality.slot];
            if (actual != InputConstraint.NOT_COMPARED && actual != expected(equality, slots)) {
                throw unequal(equality, slots);
            }
        }
    }

    private void compute(SizeSymbol symbol, long[] slots) {
        SizeExpression definition = symbol.definition().orElseThrow();
        try {
            slots[symbol.slot()] = definition.toLong(slots);
        } catch (ArithmeticException e) {
            throw new InvalidInputException(
                    "the model computes %s = %s from the sizes of its inputs, which divides by zero%s"
                            .formatted(symbol.name(), definition.text(), where(definition, slots)));
        }
    }

    private long expected(Equality equality, long[] slots) {
        try {
            return equality.expected.toLong(slots);
        } catch (ArithmeticException e) {
            throw demands[equality.extent.input()].invalid(
                    "%s must be %s, which divides by zero%s"
                            .formatted(
                                    name(equality.extent),
                                    equality.expected.text(),
                                    where(equality.expected, slots)));
        }
    }

    private InvalidInputException unequal(Equality equality, long[] slots) {
        var demand = demands[equality.extent.input()];
        String strideAdvice =
                equality.extent.isStride()
                        ? "; copy it into a tensor with strides "
                                + InputDescription.strides(demand.spec().dimensions())
                        : "";
        return demand.invalid(
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
                        demands[extent.input()].label());
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
     * Returns the strides that an input of certain sizes must have; row-major ones where the model
     * does not say, or where the sizes do not fit it. Strides of 0 share elements.
     *
     * @param index the input's index
     * @param sizes the sizes of all inputs, in order
     */
    public long[] stridesFor(int index, long[][] sizes) {
        long[] strides = Shapes.contiguousStrides(sizes[index]);
        var dimensions = demands[index].spec().dimensions();
        if (dimensions.size() != strides.length) {
            return strides;
        }
        long[] slots = new long[slotCount];
        try {
            for (int i = 0; i < demands.length; i++) {
                demands[i].assumeRowMajor(sizes[i], slots);
            }
            for (SizeSymbol symbol : computed) {
                compute(symbol, slots);
            }
            for (int d = 0; d < strides.length; d++) {
                var stride = dimensions.get(d).stride();
                strides[d] = stride.isKnown() ? stride.toLong(slots) : strides[d];
            }
            return strides;
        } catch (ArithmeticException | InvalidInputException e) {
            return Shapes.contiguousStrides(sizes[index]);
        }
    }
}
