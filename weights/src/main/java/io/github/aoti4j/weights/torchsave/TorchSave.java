package io.github.aoti4j.weights.torchsave;

import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedTensors;
import io.github.aoti4j.weights.mapped.PlacedTensor;

import java.util.ArrayList;
import java.util.List;

/** A state dict in a file of {@code torch.save}. */
public final class TorchSave {
    private TorchSave() {}

    public static TensorSource of(MappedFile file) {
        var archive = new TorchArchive(file);
        var tensors = new ArrayList<PlacedTensor>();
        try {
            StateDict.tensors(archive.pickle(), archive.pickleBytes())
                    .forEach((name, tensor) -> tensors.add(archive.place(name, tensor)));
        } catch (PickleException e) {
            throw archive.bad(e);
        }
        return new MappedTensors(file.path(), List.of(file), tensors);
    }
}
