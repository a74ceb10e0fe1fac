package io.github.aoti4j.weights.torchsave;

import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.mapped.Messages;
import io.github.aoti4j.weights.torchsave.Pickled.Dict;
import io.github.aoti4j.weights.torchsave.Pickled.Tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a pickled dictionary by name.
 *
 * <p>A nested dictionary adds its key and a dot to the names, as a module does to those of its
 * children. A checkpoint, whose tensors are one level down, stands for its state dict.
 */
final class StateDict {
    /** Keys of the model's part in checkpoints of training frameworks. */
    private static final List<String> CHECKPOINT_KEYS =
            List.of("state_dict", "model_state_dict", "model");

    private static final int MAX_DEPTH = 64;

    private static final long MAX_NAMES_LENGTH = 100_000_000;

    /**
     * One dictionary may occur in several places, and these in several: the names together may be
     * longer than the pickle, but only by this factor.
     */
    private static final long NAMES_PER_BYTE = 64;

    private static final long NAMES_IN_ANY_CASE = 100_000;

    private final long maxNamesLength;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private long namesLength;

    private StateDict(long pickleBytes) {
        maxNamesLength =
                Math.min(MAX_NAMES_LENGTH, NAMES_IN_ANY_CASE + NAMES_PER_BYTE * pickleBytes);
    }

    static Map<String, Tensor> tensors(Pickled root, long pickleBytes) throws FormException {
        if (!(root instanceof Dict dict)) {
            throw new FormException(
                    root instanceof Tensor
                            ? "it holds one tensor without a name; save a dictionary of names and"
                                    + " tensors"
                            : "it holds no dictionary of names and tensors; save one:"
                                    + " torch.save(model.state_dict(), \"weights.pt\")");
        }
        var names = new StateDict(pickleBytes);
        names.add("", modelPart(dict), 1);
        if (names.tensors.isEmpty() && !dict.entries().isEmpty()) {
            throw new FormException("there is no tensor in its dictionary");
        }
        return names.tensors;
    }

    private static Dict modelPart(Dict root) {
        if (!hasTensors(root)) {
            for (String key : CHECKPOINT_KEYS) {
                if (root.entries().get(key) instanceof Dict part && hasTensors(part)) {
                    return part;
                }
            }
        }
        return root;
    }

    private static boolean hasTensors(Dict dict) {
        return dict.entries().values().stream().anyMatch(Tensor.class::isInstance);
    }

    private void add(String prefix, Dict dict, int depth) throws FormException {
        if (depth > MAX_DEPTH) {
            throw new FormException("its dictionaries are nested more than " + MAX_DEPTH + " deep");
        }
        for (var entry : dict.entries().entrySet()) {
            String name = prefix + entry.getKey();
            namesLength += name.length() + 1;
            if (namesLength > maxNamesLength) {
                throw new FormException("the names of its tensors are too many or too long");
            }
            switch (entry.getValue()) {
                case Dict inner -> add(name + ".", inner, depth + 1);
                case Tensor tensor -> {
                    if (tensors.putIfAbsent(name, tensor) != null) {
                        throw new FormException(
                                "two tensors in it get the name " + Messages.quote(name));
                    }
                }
                default -> {}
            }
        }
    }
}
