package io.github.aoti4j.weights;

import static io.github.aoti4j.weights.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.Pickled.Tensor;
import io.github.aoti4j.weights.WeightsConfig.View;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights that a package has in {@code data/weights}: each a file of {@code torch.save} that
 * holds one tensor, of which a model's weights are views. Mapped through both zips.
 */
final class PackagedWeights {
    private static final String FOLDER = "data/weights/";

    private final Pt2Archive archive;
    private final MappedFile file;
    private final Map<String, Stored> byFile = new HashMap<>();

    /** A file of torch.save and the tensor in it. */
    private record Stored(TorchArchive archive, Tensor tensor) {}

    private PackagedWeights(Pt2Archive archive, MappedFile file) {
        this.archive = archive;
        this.file = file;
    }

    /**
     * Locates all weights of a model.
     *
     * @param file the package, mapped; owned by the source if this succeeds
     */
    static TensorSource open(Pt2Archive archive, MappedFile file, Map<String, View> views) {
        var weights = new PackagedWeights(archive, file);
        var tensors = new ArrayList<PlacedTensor>();
        views.forEach((name, view) -> tensors.add(weights.place(name, view)));
        return new MappedTensors(file.path(), List.of(file), tensors);
    }

    private PlacedTensor place(String name, View view) {
        var stored = byFile.computeIfAbsent(view.file(), of -> read(name, of));
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
        var entry =
                archive.find(FOLDER + fileName)
                        .orElseThrow(
                                () ->
                                        archive.bad(
                                                "weight "
                                                        + quote(name)
                                                        + " lies in "
                                                        + quote(FOLDER + fileName)
                                                        + ", which the package does not have;"
                                                        + " package the model again"));
        var zip = new TorchArchive(file, entry.offset(), entry.size(), entry.name());
        if (zip.pickle() instanceof Tensor tensor) {
            return new Stored(zip, tensor);
        }
        throw new PackageException(
                file.path(),
                "entry "
                        + quote(entry.name())
                        + " holds something else than one tensor; package the model again");
    }
}
