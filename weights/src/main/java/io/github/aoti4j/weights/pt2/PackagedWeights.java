package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.PlacedTensor;
import io.github.aoti4j.weights.mapped.WeightMappings;
import io.github.aoti4j.weights.pt2.WeightsConfig.View;
import io.github.aoti4j.weights.torchsave.Pickled.Tensor;
import io.github.aoti4j.weights.torchsave.TorchArchive;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The weights that a package has in {@code data/weights}: each a file of {@code torch.save} that
 * holds one tensor, of which a model's weights are views. Mapped through both zips.
 */
final class PackagedWeights {
    static final String FOLDER = "data/weights/";

    private final Pt2Archive archive;
    private final Map<String, Stored> byFile = new HashMap<>();

    /** A file of torch.save, what it is mapped in, and the tensor in it. */
    private record Stored(MappedFile file, TorchArchive archive, Tensor tensor) {}

    private PackagedWeights(Pt2Archive archive) {
        this.archive = archive;
    }

    /** Locates all weights of a model; see {@link PackagedModel#openWeights}. */
    static TensorSource open(
            Pt2Archive archive, Map<String, View> views, Predicate<String> readOnly) {
        var weights = new PackagedWeights(archive);
        // Two weights of one file are views of one memory: what is written to one shows in both.
        var written =
                views.entrySet().stream()
                        .filter(view -> !readOnly.test(view.getKey()))
                        .map(view -> view.getValue().file())
                        .collect(Collectors.toSet());
        try (var mappings = new WeightMappings()) {
            views.forEach(
                    (name, view) -> {
                        var stored =
                                weights.byFile.computeIfAbsent(
                                        view.file(), file -> weights.read(name, file));
                        mappings.add(
                                place(name, stored, view),
                                stored.file,
                                !written.contains(view.file()));
                    });
            return mappings.toSource(archive.path());
        }
    }

    private static PlacedTensor place(String name, Stored stored, View view) {
        var tensor = stored.tensor;
        return stored.archive.place(
                name,
                new Tensor(
                        tensor.dtype(),
                        tensor.storage(),
                        view.offset(),
                        view.shape(),
                        view.strides(),
                        tensor.pending()));
    }

    private Stored read(String name, String fileName) {
        var entry = archive.find(FOLDER + fileName).orElse(null);
        if (entry == null) {
            throw archive.bad(
                    "weight %s lies in %s, which the package does not have; package the model again"
                            .formatted(quote(name), quote(FOLDER + fileName)));
        }
        var file = archive.file(entry);
        var zip = new TorchArchive(file, entry.offset(), entry.size(), entry.name());
        if (zip.pickle() instanceof Tensor tensor) {
            return new Stored(file, zip, tensor);
        }
        throw archive.bad(
                "entry %s holds something else than one tensor; package the model again"
                        .formatted(quote(entry.name())));
    }
}
