package io.github.aoti4j;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.operators.OperatorValues;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * One call of an operator written in Java: its arguments, by their names in the schema, and memory
 * for its results.
 *
 * <p>Tensors are views of the model's memory, valid until the function returns and confined to its
 * thread. They may only be written if the schema says so: {@code Tensor(a!)}.
 */
public final class OperatorCall {
    private final OperatorValues<Tensor> values;

    OperatorCall(OperatorValues<Tensor> values) {
        this.values = values;
    }

    /**
     * Returns an argument, whatever its type.
     *
     * @param name the argument
     * @return a {@link Tensor}, {@link Long}, {@link Double}, {@link Boolean}, {@link String},
     *     {@link DType}, a list of these, or null where it is left out; a {@code Scalar} is one of
     *     the numbers or a boolean, a device is a string such as {@code cpu}, layouts and memory
     *     formats are PyTorch's numbers
     * @throws OperatorException if the schema has no such argument
     */
    public Object value(String name) {
        return values.argument(name);
    }

    /**
     * Returns a {@code Tensor} or {@code Tensor?}.
     *
     * @param name the argument
     * @return the tensor; null where it is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public Tensor tensor(String name) {
        return values.argument(name, Tensor.class);
    }

    /**
     * Returns a {@code Tensor[]} or {@code Tensor?[]}.
     *
     * @param name the argument
     * @return the tensors, with null for those left out; null where the list is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public List<Tensor> tensors(String name) {
        return values.list(name, Tensor.class);
    }

    /**
     * Returns an {@code int} or {@code SymInt}.
     *
     * @param name the argument
     * @return the integer
     * @throws OperatorException if the schema has no such argument, it is of another type, or left
     *     out
     */
    public long integer(String name) {
        return values.present(name, Long.class);
    }

    /**
     * Returns an {@code int[]} or {@code SymInt[]}.
     *
     * @param name the argument
     * @return the integers; null where the list is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public List<Long> integers(String name) {
        return values.list(name, Long.class);
    }

    /**
     * Returns a {@code float} or {@code Scalar}; {@link #value} says of which kind a scalar is.
     *
     * @param name the argument
     * @return the number
     * @throws OperatorException if the schema has no such argument, it is of another type, or left
     *     out
     */
    public double number(String name) {
        return values.present(name, Number.class).doubleValue();
    }

    /**
     * Returns a {@code float[]} or {@code Scalar[]}.
     *
     * @param name the argument
     * @return the numbers; null where the list is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public List<Double> numbers(String name) {
        List<Number> numbers = values.list(name, Number.class);
        return numbers == null ? null : numbers.stream().map(Number::doubleValue).toList();
    }

    /**
     * Returns a {@code bool}.
     *
     * @param name the argument
     * @return true or false
     * @throws OperatorException if the schema has no such argument, it is of another type, or left
     *     out
     */
    public boolean bool(String name) {
        return values.present(name, Boolean.class);
    }

    /**
     * Returns a {@code bool[]}.
     *
     * @param name the argument
     * @return the values; null where the list is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public List<Boolean> bools(String name) {
        return values.list(name, Boolean.class);
    }

    /**
     * Returns a {@code str}, {@code str?} or {@code Device}.
     *
     * @param name the argument
     * @return the string; null where it is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public String string(String name) {
        return values.argument(name, String.class);
    }

    /**
     * Returns a {@code str[]}.
     *
     * @param name the argument
     * @return the strings; null where the list is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public List<String> strings(String name) {
        return values.list(name, String.class);
    }

    /**
     * Returns a {@code ScalarType} or {@code ScalarType?}.
     *
     * @param name the argument
     * @return the element type; null where it is left out
     * @throws OperatorException if the schema has no such argument, or it is of another type
     */
    public DType dtype(String name) {
        return values.argument(name, DType.class);
    }

    /**
     * Makes a contiguous tensor in memory of libtorch's: to be filled and returned, for then
     * nothing is copied.
     *
     * @param dtype the element type
     * @param shape the sizes, none negative; nothing for a scalar
     * @return the tensor, whose elements are undefined
     * @throws InvalidInputException if a size is negative, or the whole is larger than memory can
     *     be
     */
    public Tensor empty(DType dtype, long... shape) {
        return values.empty(dtype, shape);
    }

    /**
     * Returns an arena that is closed after the operator has returned and its results have been
     * copied.
     *
     * @return for scratch memory, and for results to be copied
     */
    public Arena arena() {
        return values.arena();
    }
}
