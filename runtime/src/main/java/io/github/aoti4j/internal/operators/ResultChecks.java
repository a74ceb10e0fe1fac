package io.github.aoti4j.internal.operators;

import static io.github.aoti4j.internal.indices.OperatorCallSite.FREE;

import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Binary;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeExpression.Unary;
import io.github.aoti4j.internal.cpp.SizeExpression.Unknown;
import io.github.aoti4j.internal.indices.OperatorCallSite;
import io.github.aoti4j.internal.indices.OperatorCallSite.PassedTensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the checks of a call's results from what the wrapper source says of the call.
 *
 * <p>The values of sizes stand in slots: first those that follow from the model's inputs, then
 * those that the call brings in its integers and in the sizes of its tensors, and those that its
 * results define. A size that is none of these cannot be checked.
 */
final class ResultChecks {
    /**
     * Where a slot's value comes from.
     *
     * @param index of the integer, or of the tensor
     * @param dimension of the tensor; -1 for an integer
     */
    record Fetch(int index, int dimension, int slot) {}

    private final String operator;

    /** Empty where the source says nothing. */
    private final List<PassedTensor> results;

    private final Map<SizeExpression, Fetch> brought = new HashMap<>();
    private final Map<SizeExpression, Integer> slots = new HashMap<>();
    private final List<Fetch> fetches = new ArrayList<>();
    private int slotCount;

    /**
     * Begins.
     *
     * @param site what the source says; null if nothing
     */
    ResultChecks(String operator, OperatorCallSite site, int resultCount, int symbolCount) {
        this.operator = operator;
        this.slotCount = symbolCount;
        int arguments = site == null ? -1 : site.tensors().size() - resultCount;
        this.results =
                arguments < 0
                        ? List.of()
                        : site.tensors().subList(arguments, site.tensors().size());
        for (int i = 0; arguments >= 0 && i < site.integers().size(); i++) {
            brought.putIfAbsent(site.integers().get(i), new Fetch(i, -1, 0));
        }
        for (int i = 0; i < arguments; i++) {
            List<SizeExpression> sizes = site.tensors().get(i).sizes().orElse(List.of());
            for (int d = 0; d < sizes.size(); d++) {
                brought.putIfAbsent(sizes.get(d), new Fetch(i, d, 0));
            }
        }
    }

    /**
     * Makes the check of the next result. Returns empty if the source does not say what it must be
     * like.
     */
    Optional<ResultCheck> check(int index, String what) {
        PassedTensor result = index < results.size() ? results.get(index) : null;
        if (result == null || result.sizes().isEmpty() || result.strides().isEmpty()) {
            return Optional.empty();
        }
        List<SizeExpression> stated = result.sizes().get();
        int[] named = new int[stated.size()];
        Arrays.fill(named, -1);
        List<SizeExpression> sizes = new ArrayList<>();
        for (int d = 0; d < named.length; d++) {
            if (defines(result, d, stated.get(d))) {
                named[d] = slotCount;
                slots.put(stated.get(d), slotCount++);
            }
            sizes.add(resolve(stated.get(d)));
        }
        List<SizeExpression> strides = result.strides().get().stream().map(this::resolve).toList();
        return Optional.of(
                new ResultCheck(
                        "%s of operator %s".formatted(what, operator),
                        result.dtype(),
                        sizes,
                        strides,
                        named));
    }

    /** Whether a size is a symbol that has its value from this result, and from nothing before. */
    private boolean defines(PassedTensor result, int dimension, SizeExpression size) {
        return size instanceof Symbol(String name, int slot)
                && slot == FREE
                && name.equals(result.sizeNames().get(dimension))
                && !slots.containsKey(size);
    }

    /**
     * Says why a wrong result would not be noticed.
     *
     * @param index among the tensors that are results; its check has been made
     * @return what is not known; empty if all is that matters
     */
    Optional<String> unknown(int index) {
        if (index >= results.size()) {
            return Optional.of("shape and element type");
        }
        PassedTensor result = results.get(index);
        boolean layout =
                result.usesLayout()
                        && !(result.sizes().isPresent()
                                && result.strides().isPresent()
                                && result.sizes().get().stream().allMatch(this::isResolved)
                                && result.strides().get().stream().allMatch(this::isResolved));
        boolean dtype = result.usesDtype() && result.dtype().isEmpty();
        if (!layout && !dtype) {
            return Optional.empty();
        }
        return Optional.of(
                layout && dtype ? "shape and element type" : layout ? "shape" : "element type");
    }

    private boolean isResolved(SizeExpression expression) {
        return resolve(expression).isKnown();
    }

    /** What each call has to bring into slots. */
    List<Fetch> fetches() {
        return fetches;
    }

    /** How many slots a call needs. */
    int slotCount() {
        return slotCount;
    }

    /** Replaces what the call brings by its slot; unknown if something else is left. */
    private SizeExpression resolve(SizeExpression expression) {
        if (!expression.isKnown() || !hasFree(expression)) {
            return expression;
        }
        Integer slot = slots.get(expression);
        Fetch fetch = slot == null ? brought.get(expression) : null;
        if (fetch != null) {
            slot = slotCount++;
            slots.put(expression, slot);
            fetches.add(new Fetch(fetch.index, fetch.dimension, slot));
        }
        if (slot != null) {
            return new Symbol(expression.text(), slot);
        }
        return switch (expression) {
            case Unary(var function, var operand) -> {
                SizeExpression inner = resolve(operand);
                yield inner.isKnown() ? new Unary(function, inner) : unknown(expression);
            }
            case Binary(var operator, var left, var right) -> {
                SizeExpression a = resolve(left);
                SizeExpression b = resolve(right);
                yield a.isKnown() && b.isKnown() ? new Binary(operator, a, b) : unknown(expression);
            }
            default -> unknown(expression);
        };
    }

    private static Unknown unknown(SizeExpression expression) {
        return new Unknown(expression.text());
    }

    private static boolean hasFree(SizeExpression expression) {
        return switch (expression) {
            case Symbol(String _, int slot) -> slot == FREE;
            case Unary(var _, var operand) -> hasFree(operand);
            case Binary(var _, var left, var right) -> hasFree(left) || hasFree(right);
            default -> false;
        };
    }
}
