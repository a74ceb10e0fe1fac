package io.github.aoti4j.internal.constants;

import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.memory.MemoryBudget;
import io.github.aoti4j.internal.memory.Sizes;

/**
 * What the constants of one model take of its memory budget, beside files in the page cache.
 * Thread-safe.
 */
public final class WeightsBudget implements AutoCloseable {
    private final MemoryBudget budget;
    private final int copies;
    private final boolean inLibrary;
    private long folded;

    /** What is counted of containers' own memory. */
    private long own;

    private boolean foldedTwice;

    /** What else is counted. */
    private long rest;

    /**
     * Makes the account of a model whose loading has been counted.
     *
     * @param copies how many native containers have a copy of the weights
     * @param copied the size of a copy, as the package says; it has been counted for each
     * @param inLibrary whether they copy from the library
     * @param folded the size of the constants that are computed; it has been counted
     * @param inMemory the size of the package, if it lies in memory; it has been counted
     */
    public WeightsBudget(
            MemoryBudget budget,
            int copies,
            long copied,
            boolean inLibrary,
            long folded,
            long inMemory) {
        this.budget = budget;
        this.copies = copies;
        this.inLibrary = inLibrary;
        this.folded = folded;
        this.own = Sizes.multiply(copied, copies);
        this.rest = Sizes.add(folded, inMemory);
    }

    /**
     * Corrects what the package says by what the container does.
     *
     * @param bytes the size of its constants
     * @param foldedBytes the size of those that it computes
     * @param mayBeInLibrary whether the library is large enough for them
     * @throws MemoryLimitException if they are beyond the limit
     */
    synchronized void measured(long bytes, long foldedBytes, boolean mayBeInLibrary) {
        if (folded == 0) {
            budget.takeForWeights(
                    foldedBytes,
                    "computing constants from others needs",
                    "load a package with its source, or another model");
            folded = foldedBytes;
            rest = Sizes.add(rest, folded);
        }
        if (copies == 0) {
            return;
        }
        long actual = inLibrary && !mayBeInLibrary ? 0 : Sizes.multiply(bytes, copies);
        if (actual > own) {
            budget.takeForWeights(
                    actual - own, "the container needs", "its package states less than it needs");
        } else {
            budget.giveFromWeights(own - actual);
        }
        own = actual;
    }

    /** The containers have freed their own copies. */
    synchronized void ownFreed() {
        budget.giveFromWeights(own);
        own = 0;
    }

    /**
     * Counts the second set of computed constants, which the first update makes and which stays.
     *
     * @throws MemoryLimitException if it is beyond the limit
     */
    synchronized void foldAgain() {
        if (!foldedTwice) {
            budget.takeForWeights(
                    folded,
                    "replacing constants, from which others are computed for a second time, needs",
                    "load the model again instead");
            foldedTwice = true;
            rest += folded;
        }
    }

    /** Counted memory, of which parts are handed on to what uses it. */
    final class Room implements AutoCloseable {
        private long left;

        private Room(long bytes) {
            this.left = bytes;
        }

        /** Hands a part on: what is returned takes it off the budget. */
        AutoCloseable handOn(long bytes) {
            left -= bytes;
            return () -> budget.giveFromWeights(bytes);
        }

        @Override
        public void close() {
            budget.giveFromWeights(left);
        }
    }

    /**
     * Counts memory for copies of constants.
     *
     * @throws MemoryLimitException if it is beyond the limit
     */
    Room room(long bytes) {
        budget.takeForWeights(
                bytes,
                "copying constants, beside those in use, needs",
                "use weights in place (files with the layout that the model expects)");
        return new Room(bytes);
    }

    /** The containers are gone. */
    @Override
    public synchronized void close() {
        ownFreed();
        budget.giveFromWeights(rest);
        rest = 0;
    }
}
