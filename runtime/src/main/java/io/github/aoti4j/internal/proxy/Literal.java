package io.github.aoti4j.internal.proxy;

import java.util.List;

/** A value that stands in a schema or in a package. */
public sealed interface Literal {
    /** Nothing, for what may be left out. */
    record None() implements Literal {}

    /**
     * An integer; also the number of a dtype, a layout or a memory format.
     *
     * @param value the integer
     */
    record Whole(long value) implements Literal {}

    /**
     * A floating-point number.
     *
     * @param value the number
     */
    record Real(double value) implements Literal {}

    /**
     * True or false.
     *
     * @param value which
     */
    record Truth(boolean value) implements Literal {}

    /**
     * A string, or a device's name.
     *
     * @param value the string
     */
    record Text(String value) implements Literal {}

    /**
     * A list.
     *
     * @param elements the elements
     */
    record Items(List<Literal> elements) implements Literal {}

    /** A tensor or an integer that the model brings when it calls. */
    record Dynamic() implements Literal {}
}
