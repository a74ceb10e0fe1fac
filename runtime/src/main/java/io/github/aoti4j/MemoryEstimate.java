package io.github.aoti4j;

import io.github.aoti4j.internal.load.MemoryFigures;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.internal.wrapper.RunBuffers;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * How much memory a model will take, as its package says. All sizes in bytes. Sizes of weights are
 * exact if the package states its constants; what a run takes is an estimate.
 *
 * @param privateWeights weights in memory of the model's own: copied from its library by each
 *     native container, copied because of {@link ModelOptions#copyWeights}, or computed from others
 *     on loading; and the package, if it lies in memory
 * @param mappedWeights weights that are used in place in mapped files, whose pages the system can
 *     drop and all processes share. Pages that the model writes to become its own
 * @param deviceWeights weights on a CUDA device
 * @param libraryBytes the size of the compiled library with all that lies in it, a mapped file; 0
 *     if it is yet to be compiled
 * @param inputBytes all inputs at their largest; empty if one has no largest size
 * @param outputBytes the outputs for these inputs, without those that are inputs or constants;
 *     empty if that is not known before a run
 * @param runBytes the tensors that one run has at a time, outputs included and inputs left out;
 *     without the scratch memory of operators. Empty if that is not known before a run
 * @param runners how many runs may be in flight
 * @param constantsKnown whether the package states its constants; otherwise {@code privateWeights}
 *     is the most that they can be
 */
public record MemoryEstimate(
        long privateWeights,
        long mappedWeights,
        long deviceWeights,
        long libraryBytes,
        OptionalLong inputBytes,
        OptionalLong outputBytes,
        OptionalLong runBytes,
        int runners,
        boolean constantsKnown) {
    static MemoryEstimate of(MemoryFigures figures, int runners) {
        Optional<RunBuffers.Bytes> run = figures.run();
        return new MemoryEstimate(
                Sizes.add(figures.weights().inPrivate(), figures.inMemory()),
                figures.weights().mapped(),
                figures.weights().onDevice(),
                figures.library(),
                figures.inputs(),
                run.map(bytes -> OptionalLong.of(bytes.outputs())).orElse(OptionalLong.empty()),
                run.map(bytes -> OptionalLong.of(bytes.peak())).orElse(OptionalLong.empty()),
                runners,
                figures.weights().known());
    }

    /**
     * {@return the private weights and what all runners take, the least {@link
     * ModelOptions#memoryLimit} that lets all of them run on the built-in engine, but for the
     * scratch memory of operators and an eighth that its pools round up; empty if that is not
     * known}
     */
    public OptionalLong privateBytes() {
        return runBytes.isPresent()
                ? OptionalLong.of(
                        Sizes.add(privateWeights, Sizes.multiply(runBytes.getAsLong(), runners)))
                : OptionalLong.empty();
    }
}
