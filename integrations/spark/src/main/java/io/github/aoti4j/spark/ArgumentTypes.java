package io.github.aoti4j.spark;

import io.github.aoti4j.batch.Element;
import io.github.aoti4j.batch.InputTensor;
import io.github.aoti4j.core.InvalidInputException;

import scala.collection.Iterator;
import scala.collection.Seq;

/** What the arguments of a function are, seen from their values. */
final class ArgumentTypes {
    private ArgumentTypes() {}

    /** Describes an argument. */
    static RowValues of(int argument, Object value, InputTensor input) {
        int depth = 0;
        Object inner = value;
        while (inner instanceof Seq<?> list) {
            depth++;
            inner = first(list);
        }
        if (inner == null) {
            // Nulls can be all inputs, as far as they can be any.
            return new RowValues(argument, null, input.sizes().size(), false);
        }
        Element element =
                switch (inner) {
                    case Boolean _ -> Element.BOOLEAN;
                    case Byte _ -> Element.INT8;
                    case Short _ -> Element.INT16;
                    case Integer _ -> Element.INT32;
                    case Long _ -> Element.INT64;
                    case Float _ -> Element.FLOAT32;
                    case Double _ -> Element.FLOAT64;
                    case byte[] _ -> Element.BYTES;
                    default -> null;
                };
        if (depth == 0 && RowValues.isVector(inner.getClass())) {
            return new RowValues(argument, Element.FLOAT64, 1, true);
        }
        if (element == null || (element == Element.BYTES && depth > 0)) {
            throw new InvalidInputException(
                    "%s is %s: models take numbers, booleans, arrays of them, vectors, and binary; cast it, such as CAST(x AS FLOAT)"
                            .formatted(input.column(), inner.getClass().getSimpleName()));
        }
        return new RowValues(argument, element, depth, false);
    }

    /** Returns the first element that is not null, and of lists one that has such. */
    private static Object first(Seq<?> list) {
        Object empty = null;
        Iterator<?> elements = list.iterator();
        while (elements.hasNext()) {
            Object element = elements.next();
            if (element instanceof Seq<?> inner && first(inner) == null) {
                empty = inner;
            } else if (element != null) {
                return element;
            }
        }
        return empty;
    }
}
