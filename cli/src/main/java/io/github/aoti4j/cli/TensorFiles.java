package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.TensorEntry;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Safetensors files whose tensors are named "0", "1", … in call order. */
final class TensorFiles {
    private TensorFiles() {}

    /** Reads a model's inputs, each with the strides that the model requires. */
    static List<Tensor> readInputs(Path path, Model model, Arena arena) {
        List<Tensor> rows = read(path, arena);
        if (rows.size() != model.inputs().size()) {
            // The model refuses them with a message of its own.
            return rows;
        }
        List<long[]> strides = model.stridesFor(rows.stream().map(Tensor::shape).toList());
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            inputs.add(rows.get(i).copyWithStrides(arena, strides.get(i)));
        }
        return inputs;
    }

    /** Reads tensors, contiguous, into memory that a model may modify. */
    static List<Tensor> read(Path path, Arena arena) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < file.names().size(); i++) {
                String name = Integer.toString(i);
                if (!file.contains(name)) {
                    throw new PackageException(
                            path,
                            "holds %d tensors, but none named \"%s\": name them \"0\", \"1\", … in call order"
                                    .formatted(file.names().size(), name));
                }
                tensors.add(read(file, name, arena));
            }
            return tensors;
        }
    }

    /**
     * Reads the outputs that are expected of a model; null, for None, where the file has none.
     * There are more than the model has if the file has one beyond.
     */
    static List<Tensor> readOutputs(Path path, Model model, Arena arena) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            int last = -1;
            for (String name : file.names()) {
                if (!name.matches("0|[1-9][0-9]{0,4}")) {
                    throw new PackageException(
                            path,
                            "holds a tensor named \"%s\": name outputs \"0\", \"1\", … in call order"
                                    .formatted(name));
                }
                last = Math.max(last, Integer.parseInt(name));
            }
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < Math.max(last + 1, model.outputNames().size()); i++) {
                String name = Integer.toString(i);
                tensors.add(file.contains(name) ? read(file, name, arena) : null);
            }
            return tensors;
        }
    }

    static Tensor read(SafetensorsFile file, String name, Arena arena) {
        TensorEntry entry = file.entry(name);
        Tensor copy = Tensor.zeros(arena, entry.dtype(), entry.shape());
        copy.segment().copyFrom(file.segment(name));
        return copy;
    }

    /** Writes tensors under their positions, but None; the file is replaced atomically. */
    static void write(Path path, List<Tensor> tensors, Arena arena) {
        Map<String, TensorData> named = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            if (tensor == null) {
                continue;
            }
            Tensor dense = tensor.isContiguous() ? tensor : tensor.copy(arena);
            named.put(
                    Integer.toString(i),
                    new TensorData(dense.dtype(), dense.shape(), dense.segment()));
        }
        SafetensorsWriter.write(path, named);
    }
}
