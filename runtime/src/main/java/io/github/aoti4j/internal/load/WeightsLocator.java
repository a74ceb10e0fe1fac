package io.github.aoti4j.internal.load;

import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Says where a packaged model's constants lie, without loading it. */
public final class WeightsLocator {
    private final Map<String, String> located = new HashMap<>();
    private final String elsewhere;

    /** Looks at the package. */
    public WeightsLocator(WrapperSource source, PackagedModel model) {
        if (model.weightsBlob().isPresent()) {
            elsewhere = model.weightsBlob().get().fileName();
            layout(source).ifPresent(layout -> locate(model.openBlob(layout, _ -> true)));
        } else {
            if (model.weightsConfig().isPresent()) {
                locate(model.openWeights(_ -> true));
            }
            // A package of several models has a config for each, empty where there are none.
            elsewhere =
                    !located.isEmpty()
                            ? "not in the package's data/weights"
                            : source.holdsWeights().orElse(true)
                                    ? libraryName(model)
                                    : "not in the package";
        }
    }

    private static String libraryName(PackagedModel model) {
        return model.isSourceOnly()
                ? model.serializedWeights()
                        .or(() -> model.objectFiles().stream().findFirst())
                        .map(ArchiveEntry::fileName)
                        .orElse("the library that is yet to be compiled")
                : model.library().fileName();
    }

    /** Returns where the values of a constant lie, in words. */
    public String location(ConstantSpec constant) {
        return constant.fromFolded()
                ? "computed at load"
                : located.getOrDefault(constant.fqn().orElse(constant.name()), elsewhere);
    }

    private void locate(TensorSource source) {
        try (source) {
            for (String name : source.names()) {
                source.find(name).map(StoredTensor::location).ifPresent(l -> located.put(name, l));
            }
        }
    }

    /** How the constants lie in a blob; empty if the source leaves something out. */
    private static Optional<List<BlobTensor>> layout(WrapperSource source) {
        List<BlobTensor> layout = new ArrayList<>();
        for (ConstantSpec constant : source.constants()) {
            if (!constant.fromFolded()) {
                Optional<BlobTensor> tensor = constant.inBlob();
                if (tensor.isEmpty()) {
                    return Optional.empty();
                }
                layout.add(tensor.get());
            }
        }
        return Optional.of(layout);
    }
}
