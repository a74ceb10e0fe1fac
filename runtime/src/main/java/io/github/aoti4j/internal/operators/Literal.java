package io.github.aoti4j.internal.operators;

import java.util.List;

/** A value that stands in a schema or in a package. */
public sealed interface Literal {
    /** Nothing, for what may be left out. */
    record None() implements Literal {}

    /** An integer; also the number of a dtype, a layout or a memory format. */
    record Whole(long value) implements Literal {}

    /** A floating-point number. */
    record Real(double value) implements Literal {}

    /** True or false. */
    record Truth(boolean value) implements Literal {}

    /** A string, or a device's name. */
    record Text(String value) implements Literal {}

    /** A list. */
    record Items(List<Literal> elements) implements Literal {}

    /** A tensor or an integer that the model brings when it calls. */
    record Dynamic() implements Literal {}
}
