package io.github.aoti4j.batch;

import java.io.Serializable;

/**
 * How a column's values become one of a model's inputs.
 *
 * @param tensor the input
 * @param element what the column's elements are
 * @param flat whether rows give all elements in one list, or a number, whatever the sizes
 */
public record InputPlan(InputTensor tensor, Element element, boolean flat)
        implements Serializable {}
