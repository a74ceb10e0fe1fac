package io.github.aoti4j.internal.exec;

import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.inputs.ModelInput;
import io.github.aoti4j.internal.memory.MemoryBudget;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model that is ready to run: what its package says of it, and its native part. Immutable.
 *
 * @param natives to be closed by the owner
 * @param memory its private memory
 * @param inputs in call order
 * @param captureObstacle why its runs cannot be captured as a CUDA graph, if anything is known
 */
public record LoadedModel(
        String name,
        NativeModel natives,
        MemoryBudget memory,
        Map<String, String> metadata,
        List<ModelInput> inputs,
        InputValidator validator,
        LazyCallPlan callPlan,
        Optional<String> captureObstacle) {

    public List<String> outputNames() {
        return natives.container().outputNames();
    }

    public Device device() {
        return natives.container().device();
    }

    public Engine engine() {
        boolean libtorch = natives.container().backend().tensors().isLibTorch();
        return libtorch ? Engine.LIBTORCH : Engine.BUILT_IN;
    }

    /** Makes what reads the outputs of one of several users of the model. */
    public OutputReader[] newReaders() {
        OutputReader[] readers = new OutputReader[outputNames().size()];
        for (int i = 0; i < readers.length; i++) {
            readers[i] =
                    new OutputReader(
                            i,
                            outputNames().get(i),
                            natives.container().backend(),
                            natives.container().callsBack());
        }
        return readers;
    }

    /**
     * Requires that runs can be captured as a CUDA graph, as far as can be known before.
     *
     * @throws IncompatibleModelException if they cannot, with the reason
     */
    public void requireCapturable() {
        if (captureObstacle.isPresent()) {
            throw new IncompatibleModelException(
                    "runs of model %s cannot be captured as a CUDA graph: %s"
                            .formatted(name, captureObstacle.get()));
        }
    }
}
