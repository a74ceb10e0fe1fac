package io.github.aoti4j.internal.inputs;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.InvalidInputException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** Inputs and outputs of a model by name. Immutable. */
public final class NamedTensors {
    private static final String KEYWORD = "kwargs.";

    private final String model;
    private final List<ModelInput> inputs;
    private final List<String> outputs;

    /** All that an input may be called, to its index. */
    private final Map<String, Integer> indices = new HashMap<>();

    public NamedTensors(String model, List<ModelInput> inputs, List<String> outputs) {
        this.model = model;
        this.inputs = inputs;
        this.outputs = outputs;
        // Names first: they are unique, other forms need not be.
        for (int i = 0; i < inputs.size(); i++) {
            indices.putIfAbsent(inputs.get(i).name(), i);
        }
        for (int i = 0; i < inputs.size(); i++) {
            String path = inputs.get(i).path().orElse("");
            indices.putIfAbsent(path, i);
            if (path.startsWith(KEYWORD)) {
                indices.putIfAbsent(path.substring(KEYWORD.length()), i);
            }
        }
        indices.remove("");
    }

    /** Brings inputs into call order. */
    public <T> T[] inOrder(Map<String, T> named, IntFunction<T[]> array) {
        T[] tensors = array.apply(inputs.size());
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, T> entry : named.entrySet()) {
            Integer index = indices.get(entry.getKey());
            if (index == null) {
                unknown.add(String.valueOf(entry.getKey()));
                continue;
            }
            requireNonNull(entry.getValue(), entry.getKey());
            if (tensors[index] != null) {
                throw new InvalidInputException(
                        "model %s: input %s is given twice, by two of its names"
                                .formatted(model, inputs.get(index)));
            }
            tensors[index] = entry.getValue();
        }
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i] == null) {
                missing.add(inputs.get(i).path().orElse(inputs.get(i).name()));
            }
        }
        String problems =
                (unknown.isEmpty() ? "" : " has no input " + String.join(", ", unknown))
                        + (unknown.isEmpty() || missing.isEmpty() ? "" : ", and")
                        + (missing.isEmpty() ? "" : " is not given " + String.join(", ", missing));
        if (!problems.isEmpty()) {
            throw new InvalidInputException(
                    "model %s%s; it takes %s".formatted(model, problems, ModelInput.list(inputs)));
        }
        return tensors;
    }

    /** Names outputs; null where the model returned None. */
    public <T> Map<String, T> named(List<T> tensors) {
        Map<String, T> named = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            named.put(outputs.get(i), tensors.get(i));
        }
        return Collections.unmodifiableMap(named);
    }
}
