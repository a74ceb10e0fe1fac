package io.github.aoti4j.internal.builtin;

/** Walks through the elements of two tensors of the same sizes. */
final class Elements {
    private Elements() {}

    /** Is given the places of one element, counted in elements. */
    interface Visitor {
        void visit(long first, long second);
    }

    static void forEach(long[] sizes, long[] first, long[] second, Visitor visitor) {
        walk(sizes, first, second, 0, 0, 0, visitor);
    }

    private static void walk(
            long[] sizes, long[] first, long[] second, int d, long a, long b, Visitor visitor) {
        if (d == sizes.length) {
            visitor.visit(a, b);
            return;
        }
        for (long i = 0; i < sizes[d]; i++) {
            walk(sizes, first, second, d + 1, a + i * first[d], b + i * second[d], visitor);
        }
    }
}
