package io.github.aoti4j;

import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.memory.MemoryBudget;

import java.util.OptionalLong;

/**
 * How much native memory a loaded model has. All sizes in bytes.
 *
 * @param privateWeights weights in memory of the model's own: copied by its library or by {@link
 *     ModelOptions#copyWeights}, given by {@link Constants#update}, computed from others; and the
 *     package, if it lies in memory. Sets of constants that runs or outputs still use are included
 * @param mappedWeights the weights in use that lie in mapped files, whose pages the system can drop
 *     and all processes share
 * @param runsInUse memory of runs in flight and of outputs that are alive; 0 on libtorch, whose
 *     allocator does not tell
 * @param runsKept memory that is kept for later runs; 0 on libtorch
 * @param limit the limit of all of this but the mapped weights; empty if there is none
 */
public record MemoryUse(
        long privateWeights,
        long mappedWeights,
        long runsInUse,
        long runsKept,
        OptionalLong limit) {
    static MemoryUse of(LoadedModel model) {
        MemoryBudget budget = model.memory();
        boolean limited = budget.limit() != MemoryBudget.UNLIMITED;
        return new MemoryUse(
                budget.weights(),
                model.natives().constants().mappedBytes(),
                budget.runBytesInUse(),
                budget.runBytesCached(),
                limited ? OptionalLong.of(budget.limit()) : OptionalLong.empty());
    }

    /** {@return all that counts against the limit} */
    public long privateBytes() {
        return privateWeights + runsInUse + runsKept;
    }
}
