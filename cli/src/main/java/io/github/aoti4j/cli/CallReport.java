package io.github.aoti4j.cli;

import io.github.aoti4j.CallSpec;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.core.CallSpecException;

import java.util.List;
import java.util.Optional;

/**
 * How a model is called, as far as its package says.
 *
 * @param spec empty if the package holds no source, or a call spec that cannot be read
 * @param problem why it cannot be read; empty if it can
 */
record CallReport(Optional<CallSpec> spec, String problem) {
    static CallReport of(ModelDescription model) {
        try {
            return new CallReport(model.callSpec(), "");
        } catch (CallSpecException e) {
            return new CallReport(Optional.empty(), e.getMessage());
        }
    }

    /** Where the inputs stand in a call; empty if that is not known. */
    List<String> inputs() {
        return spec.map(CallSpec::inputPaths).orElse(List.of());
    }

    /** Where the outputs stand in the results; empty if that is not known. */
    List<String> outputs() {
        return spec.map(CallSpec::outputPaths).orElse(List.of());
    }
}
