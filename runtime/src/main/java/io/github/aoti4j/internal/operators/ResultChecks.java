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
 * Makes the checks of a call's results from the wrapper source.
 *
 * <p>The values of sizes are in slots: first those that follow from the model's inputs, then those
 * that the call passes as integers and as sizes of tensors, and those that its results define. A
 * size that is none of these cannot be checked.
 */
final class ResultChecks {
    /**
     * Where a slot's value comes from: an integer, or a dimension of a tensor; -1 for an integer.
     */
    record Fetch(int index, int dimension, int slot) {}

    private final String operator;

    /** Empty where the source says nothing. */
    private final List<PassedTensor> results;

    private final Map<SizeExpression, Fetch> passed = new HashMap<>();
    private final Map<SizeExpression, Integer> slots = new HashMap<>();
    private final List<Fetch> fetches = new ArrayList<>();
    private int slotCount;

    /** The source says nothing of the call if the site is null. */
    ResultChecks(String operator, OperatorCallSite site, int resultCount, int symbolCount) {
        this.operator = operator;
        this.slotCount = symbolCount;
        int arguments = site == null ? -1 : site.tensors().size() - resultCount;
        this.results =
                arguments < 0
                        ? List.of()
                        : site.tensors().subList(arguments, site.tensors().size());
        for (int i = 0; arguments >= 0 && i < site.integers().size(); i++) {
            passed.putIfAbsent(site.integers().get(i), new Fetch(i, -1, 0));
        }
        for (int i = 0; i < arguments; i++) {
            List<SizeExpression> sizes = site.tensors().get(i).sizes().orElse(List.of());
            for (int d = 0; d < sizes.size(); d++) {
                passed.putIfAbsent(sizes.get(d), new Fetch(i, d, 0));
            }
        }
    }

    /** Makes the check of the next result; empty if the source does not state it. */
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
                        what + " of operator " + operator, result.dtype(), sizes, strides, named));
    }

    /** Returns whether a size is a symbol that this result is the first to define. */
    private boolean defines(PassedTensor result, int dimension, SizeExpression size) {
        return size instanceof Symbol(String name, int slot)
                && slot == FREE
                && name.equals(result.sizeNames().get(dimension))
                && !slots.containsKey(size);
    }

    /**
     * Returns what the source does not say of a result although it matters; empty if all is known.
     *
     * @param index among the tensors that are results; its check has been made
     */
    Optional<String> unknown(int index) {
        if (index >= results.size()) {
            return Optional.of("shape and element type");
        }
        PassedTensor result = results.get(index);
        boolean layout =
                result.usesLayout()
                        && !(isResolved(result.sizes()) && isResolved(result.strides()));
        boolean dtype = result.usesDtype() && result.dtype().isEmpty();
        if (!layout && !dtype) {
            return Optional.empty();
        }
        return Optional.of(
                layout && dtype ? "shape and element type" : layout ? "shape" : "element type");
    }

    private boolean isResolved(Optional<List<SizeExpression>> expressions) {
        return expressions.isPresent()
                && expressions.get().stream().allMatch(e -> resolve(e).isKnown());
    }

    List<Fetch> fetches() {
        return fetches;
    }

    /** Returns how many slots a call needs. */
    int slotCount() {
        return slotCount;
    }

    /** Replaces what the call passes by its slot; unknown if something else is left. */
    private SizeExpression resolve(SizeExpression expression) {
        if (!expression.isKnown() || !hasFree(expression)) {
            return expression;
        }
        Integer slot = slots.get(expression);
        Fetch fetch = slot == null ? passed.get(expression) : null;
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
