package io.github.aoti4j.internal.operators;

import java.util.List;

/** A value in a schema or in a package. */
sealed interface Literal {
    record None() implements Literal {}

    /** An integer; also the number of a dtype, a layout or a memory format. */
    record IntLiteral(long value) implements Literal {}

    record FloatLiteral(double value) implements Literal {}

    record BoolLiteral(boolean value) implements Literal {}

    /** A string, or a device's name. */
    record Text(String value) implements Literal {}

    record ListLiteral(List<Literal> elements) implements Literal {}

    /** A tensor or an integer that the model passes when it calls. */
    record Dynamic() implements Literal {}
}
