package io.github.aoti4j.batch;

import java.io.Serializable;
import java.util.List;

/**
 * How rows become a model's inputs, and its outputs columns. Immutable.
 *
 * @param inputs one for each of the model's inputs, in call order
 * @param outputs those that become columns
 * @param sizes the sizes of batches
 * @param nulls what happens to rows with nulls
 */
public record BatchPlan(
        List<InputPlan> inputs, List<OutputPlan> outputs, BatchSizes sizes, NullRule nulls)
        implements Serializable {
    /** Makes a plan. */
    public BatchPlan {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
