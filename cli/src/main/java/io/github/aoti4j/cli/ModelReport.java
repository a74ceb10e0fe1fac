package io.github.aoti4j.cli;

import io.github.aoti4j.CallSpec;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.core.Requirement;

import java.util.List;
import java.util.Optional;

/**
 * A model, its call spec, and its requirements.
 *
 * @param callSpec empty if the package holds no source or its call spec cannot be read
 * @param callProblem why the call spec cannot be read; empty if it can
 */
record ModelReport(
        ModelDescription model,
        Optional<CallSpec> callSpec,
        String callProblem,
        List<Requirement> requirements) {
    static ModelReport of(ModelDescription model, List<Requirement> requirements) {
        try {
            return new ModelReport(model, model.callSpec(), "", requirements);
        } catch (CallSpecException e) {
            return new ModelReport(model, Optional.empty(), e.getMessage(), requirements);
        }
    }

    /** Returns where input {@code i} stands in a call; null if unknown. */
    String inputPath(int i) {
        return callSpec.map(spec -> at(spec.inputPaths(), i)).orElse(null);
    }

    /** Returns where output {@code i} stands in the result; null if unknown. */
    String outputPath(int i) {
        return callSpec.map(spec -> at(spec.outputPaths(), i)).orElse(null);
    }

    private static String at(List<String> paths, int i) {
        return i < paths.size() ? paths.get(i) : null;
    }

    boolean canRun() {
        return requirements.stream().allMatch(Requirement::met);
    }
}
