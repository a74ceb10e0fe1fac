package io.github.aoti4j.bindings.model;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What a run of a model reads and writes: the arrays of input and output handles, and the segments
 * whose arenas stay open meanwhile. Made once and used by one run at a time.
 */
public final class RunArguments {
    /**
     * How many arenas one run can hold open: a method handle has room for 255 arguments, and the
     * linker turns an address into a long, which counts twice.
     */
    public static final int MAX_OPEN = 119;

    final MemorySegment inputs;
    final MemorySegment outputs;
    final int inputCount;
    final int outputCount;

    /** The first {@link #openCount} are set. */
    final MemorySegment[] open;

    int openCount;

    /**
     * Allocates the arrays, with null handles.
     *
     * @param arena owns them
     * @param inputCount the container's number of inputs: another one ends the process
     * @param outputCount the container's number of outputs: another one ends the process
     */
    public RunArguments(Arena arena, int inputCount, int outputCount) {
        this.inputs = arena.allocate(ADDRESS, Math.max(inputCount, 1));
        this.outputs = arena.allocate(ADDRESS, Math.max(outputCount, 1));
        this.inputCount = inputCount;
        this.outputCount = outputCount;
        this.open = new MemorySegment[Math.min(inputCount, MAX_OPEN)];
    }

    /**
     * Returns the array of owned input handles. The model takes them and sets their places to null;
     * after a failure those that are not null are still the caller's.
     */
    public MemorySegment inputs() {
        return inputs;
    }

    public int inputCount() {
        return inputCount;
    }

    /** Returns the array that receives new output handles. */
    public MemorySegment outputs() {
        return outputs;
    }

    public int outputCount() {
        return outputCount;
    }

    /**
     * Keeps a segment's arena open during runs, until {@link #releaseArenas}.
     *
     * @throws InvalidInputException if there are too many arenas
     */
    public void keepOpen(MemorySegment segment) {
        MemorySegment.Scope scope = segment.scope();
        for (int i = 0; i < openCount; i++) {
            if (open[i].scope().equals(scope)) {
                return;
            }
        }
        if (openCount == MAX_OPEN) {
            throw new InvalidInputException(
                    "the inputs lie in more than %d arenas; make them in fewer"
                            .formatted(MAX_OPEN));
        }
        open[openCount++] = segment;
    }

    /** Ends {@link #keepOpen} of all arenas. */
    public void releaseArenas() {
        for (int i = 0; i < openCount; i++) {
            open[i] = null;
        }
        openCount = 0;
    }
}
