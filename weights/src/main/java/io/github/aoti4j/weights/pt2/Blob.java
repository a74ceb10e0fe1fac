package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedTensors;
import io.github.aoti4j.weights.mapped.PlacedTensor;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * The weights of a model one after the other, in the order of its constants and without those that
 * are computed by constant folding ({@code AotCodeCompiler} in {@code
 * torch/_inductor/codecache.py}). A blob does not describe its contents.
 */
public final class Blob {
    private Blob() {}

    /** Opens a blob; the source owns the file if this succeeds. */
    public static TensorSource open(MappedFile file, List<BlobTensor> layout) {
        return new MappedTensors(
                file.path(), List.of(file), place(file, 0, file.size(), "", layout));
    }

    /**
     * Locates the constants; {@code part} names the blob in messages: empty, or an entry's name.
     */
    static List<PlacedTensor> place(
            MappedFile file, long offset, long size, String part, List<BlobTensor> layout) {
        var tensors = new ArrayList<PlacedTensor>();
        var names = new LinkedHashSet<String>();
        long end = 0;
        for (var tensor : layout) {
            if (!names.add(tensor.name())) {
                throw bad(file, part, tensor.name(), "is named twice by the model");
            }
            if (tensor.byteSize() < 0 || tensor.byteSize() > size - end) {
                throw bad(
                        file,
                        part,
                        tensor.name(),
                        ("takes %d bytes from %d on, but the blob has only %d; it belongs to"
                                        + " another model or is cut off")
                                .formatted(tensor.byteSize(), end, size));
            }
            tensors.add(place(file, tensor, offset + end, part));
            end += tensor.byteSize();
        }
        if (end != size) {
            throw new PackageException(
                    file.path(),
                    prefix(part)
                            + ("the blob has %d bytes, but the model's constants take %d; it"
                                            + " belongs to another model")
                                    .formatted(size, end));
        }
        return tensors;
    }

    private static PlacedTensor place(
            MappedFile file, BlobTensor tensor, long offset, String part) {
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        long first = tensor.storageOffset();
        var range = Extents.within(tensor.byteSize(), tensor.dtype(), shape, strides, first);
        if (range.isEmpty()) {
            throw bad(
                    file,
                    part,
                    tensor.name(),
                    Extents.describe(tensor.byteSize(), tensor.dtype(), shape, strides, first));
        }
        return new PlacedTensor(
                tensor.name(),
                tensor.dtype(),
                shape,
                strides,
                0,
                part,
                offset + range.get().begin(),
                range.get().span());
    }

    private static PackageException bad(
            MappedFile file, String part, String tensor, String problem) {
        return new PackageException(
                file.path(), prefix(part) + "constant " + quote(tensor) + " " + problem);
    }

    private static String prefix(String part) {
        return part.isEmpty() ? "" : "entry " + quote(part) + ": ";
    }
}
