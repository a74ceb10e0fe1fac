package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model answers, for the runs that are measured to be compared with.
 *
 * @param outputs of {@link Model#run}, before the model has run for anything else
 * @param repeatable whether it answers the same again: a model that draws random numbers, or has a
 *     state, does not
 * @param writesInputs whether it writes into its inputs
 */
record Reference(List<Tensor> outputs, boolean repeatable, boolean writesInputs) {
    static Reference of(Model model, BenchInputs inputs, Arena arena) {
        Tensor[] first = inputs.copy(arena);
        List<Tensor> outputs = copy(model.run(arena, first), arena);
        boolean writes = !inputs.equal(first);
        List<Tensor> again = Transfer.toCpu(model.run(arena, inputs.copy(arena)), arena);
        return new Reference(
                outputs,
                OutputsComparison.of(again, outputs, Tolerances.DEFAULT).matches(),
                writes);
    }

    /** An output may look into a state that the next run changes. */
    private static List<Tensor> copy(List<Tensor> outputs, Arena arena) {
        List<Tensor> copies = new ArrayList<>();
        for (Tensor output : outputs) {
            copies.add(output == null ? null : output.to(arena, Device.CPU));
        }
        return copies;
    }

    /** Compares an answer to the same inputs. */
    OutputsComparison compare(List<Tensor> answer) {
        if (!repeatable) {
            return new OutputsComparison(List.of(), true);
        }
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> read = Transfer.toCpu(answer, arena);
            return OutputsComparison.of(read, outputs, Tolerances.DEFAULT);
        }
    }
}
