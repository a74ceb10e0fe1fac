package io.github.aoti4j.internal.cpp;

import java.util.Optional;

/**
 * A symbol that a model derives from the sizes and strides of its inputs before it runs.
 *
 * @param name its name in the wrapper source, such as {@code s77}
 * @param slot its place in the array of values; the symbols of a source have the slots 0, 1, … in
 *     the order in which they can be computed
 * @param extent the size or stride it stands for; empty if it is computed
 * @param definition how it is computed from symbols with smaller slots; empty if it stands for a
 *     size or stride
 */
public record SizeSymbol(
        String name, int slot, Optional<Extent> extent, Optional<SizeExpression> definition) {
    /** A size or a stride of an input. */
    public record Extent(int input, int dimension, boolean isStride) {
        // Written out: a record's own would be linked, method by method, while a model is loaded.
        @Override
        public boolean equals(Object other) {
            return other instanceof Extent that
                    && input == that.input
                    && dimension == that.dimension
                    && isStride == that.isStride;
        }

        @Override
        public int hashCode() {
            return 31 * (31 * input + dimension) + (isStride ? 1 : 0);
        }
    }
}
