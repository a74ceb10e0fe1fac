package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.weights.TensorSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The mappings that a model's weights lie in. Weights that are never written to lie in the
 * package's mapping, which all models of it share. The others lie in another mapping of the same
 * file, which is this model's alone: no other sees what is written, and only pages that are touched
 * cost memory twice.
 *
 * <p>Closing closes all mappings, unless {@link #toSource} has passed them on.
 */
public final class WeightMappings implements AutoCloseable {
    private final List<MappedFile> files = new ArrayList<>();
    private final Map<MappedFile, Integer> shared = new HashMap<>();
    private final Map<MappedFile, Integer> own = new HashMap<>();
    private final List<PlacedTensor> tensors = new ArrayList<>();
    private boolean handedOn;

    /** Adds a tensor that lies in a file of the package. */
    public void add(PlacedTensor tensor, MappedFile file, boolean readOnly) {
        var mapped = readOnly ? shared : own;
        Integer index = mapped.get(file);
        if (index == null) {
            index = keep(readOnly ? file.share() : file.duplicate());
            mapped.put(file, index);
        }
        tensors.add(tensor.inFile(index));
    }

    private int keep(MappedFile file) {
        files.add(file);
        return files.size() - 1;
    }

    /** Makes a source of all that has been added, which owns the mappings. */
    public TensorSource toSource(Path path) {
        var source = new MappedTensors(path, files, tensors);
        handedOn = true;
        return source;
    }

    @Override
    public void close() {
        if (!handedOn) {
            Closeables.closeAll(files);
        }
    }
}
