package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.memory.MemoryBudget;

/** Takes blocks from the heap for a pool, as far as the budget allows. For one thread at a time. */
final class BudgetedBlocks {
    private final MemoryBudget budget;
    private final long owner;

    /** Whether the limit is why there was no block the last time. */
    private boolean refused;

    BudgetedBlocks(MemoryBudget budget, long owner) {
        this.budget = budget;
        this.owner = owner;
    }

    /** Takes a block; returns 0 if the limit does not allow it or there is no memory. */
    long allocate(int sizeClass) {
        long capacity = SizeClasses.capacity(sizeClass);
        refused = !budget.tryTake(capacity);
        if (refused) {
            return 0;
        }
        long block = Blocks.allocate(sizeClass, owner);
        if (block == 0) {
            budget.give(capacity);
        }
        return block;
    }

    void free(long block) {
        long capacity = Blocks.capacity(block);
        Blocks.free(block);
        budget.give(capacity);
    }

    boolean isRefused() {
        return refused;
    }

    /** Returns the limit's refusal of the block that could not be had; null if it allows it. */
    MemoryLimitException refusal(long bytes) {
        return refused
                ? budget.refusal("a run needs", bytes, "run fewer or smaller batches at a time")
                : null;
    }
}
