package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The outputs with which those of measured runs are compared.
 *
 * @param repeatable whether a second run gave the same; false for random numbers, or state
 * @param writesInputs whether the model writes into its inputs
 */
record Reference(List<Tensor> outputs, boolean repeatable, boolean writesInputs) {
    static Reference of(Model model, BenchInputs inputs, Arena arena) {
        Tensor[] first = inputs.copy(arena);
        List<Tensor> outputs = new ArrayList<>();
        for (Tensor output : model.run(arena, first)) {
            // A copy: an output may be a view of state that the next run changes.
            outputs.add(output == null ? null : output.to(arena, Device.CPU));
        }
        boolean writes = !inputs.equal(first);
        List<Tensor> again = DeviceTransfer.toCpu(model.run(arena, inputs.copy(arena)), arena);
        boolean repeatable = OutputsComparison.of(again, outputs, Tolerances.DEFAULT).matches();
        return new Reference(outputs, repeatable, writes);
    }

    /** Compares the outputs of another run on the same inputs. */
    OutputsComparison compare(List<Tensor> actual) {
        if (!repeatable) {
            return new OutputsComparison(List.of(), true);
        }
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> read = DeviceTransfer.toCpu(actual, arena);
            return OutputsComparison.of(read, outputs, Tolerances.DEFAULT);
        }
    }
}
