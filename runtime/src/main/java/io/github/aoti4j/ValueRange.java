package io.github.aoti4j;

import java.util.OptionalLong;

/**
 * A range that elements of an input must be in: the model uses them as indices, such as the numbers
 * of rows in a table of embeddings. Counted from the end, indices may be negative.
 *
 * @param min the least value; empty if there is none, or if it depends on the sizes of inputs
 * @param max the greatest value; empty if there is none, or if it depends on the sizes of inputs
 * @param text both, such as {@code 0 to 30521} or {@code -s0 to s0 - 1}, with the symbols of {@link
 *     InputInfo#description()}
 */
public record ValueRange(OptionalLong min, OptionalLong max, String text) {}
