package io.github.aoti4j.weights.torchsave;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedTensors;
import io.github.aoti4j.weights.mapped.Messages;
import io.github.aoti4j.weights.mapped.PlacedTensor;
import io.github.aoti4j.weights.torchsave.Pickled.Tensor;
import io.github.aoti4j.weights.zip.ArchiveEntry;
import io.github.aoti4j.weights.zip.ZipIndex;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A zip that {@code torch.save} wrote: below one root folder {@code data.pkl}, {@code byteorder}
 * and the storages, {@code data/KEY} (as in {@code torch/serialization.py}).
 *
 * <p>Checksums are not compared: PyTorch can be told to leave them out, and then writes wrong ones.
 */
public final class TorchArchive {
    private static final String PICKLE = "data.pkl";

    private final Path path;
    private final long offset;
    private final String part;
    private final ZipIndex zip;
    private final String root;
    private final ArchiveEntry pickle;

    /** Opens a state dict in a file of {@code torch.save}; the source owns the file. */
    public static TensorSource open(MappedFile file) {
        var archive = new TorchArchive(file, 0, file.size(), "");
        var tensors = new ArrayList<PlacedTensor>();
        try {
            StateDict.tensors(archive.pickle(), archive.pickle.size())
                    .forEach((name, tensor) -> tensors.add(archive.place(name, tensor)));
        } catch (FormException e) {
            throw archive.bad(e);
        }
        return new MappedTensors(file.path(), List.of(file), tensors);
    }

    /**
     * Reads the index of a zip within a file; {@code part} names it in messages: empty, or an
     * entry's name.
     */
    public TorchArchive(MappedFile file, long offset, long size, String part) {
        this.path = file.path();
        this.offset = offset;
        this.part = part;
        this.zip = ZipIndex.read(file.segment().asSlice(offset, size), path, context());
        this.root = findRoot();
        this.pickle = zip.find(root + PICKLE).orElseThrow();
        requireLittleEndian();
    }

    private String findRoot() {
        var roots =
                zip.entries().stream()
                        .map(ArchiveEntry::name)
                        .filter(name -> name.endsWith("/" + PICKLE))
                        .map(name -> name.substring(0, name.length() - PICKLE.length()))
                        .filter(folder -> folder.indexOf('/') == folder.length() - 1)
                        .toList();
        if (roots.size() != 1) {
            throw bad(
                    roots.isEmpty()
                            ? whatElse()
                            : "this zip has several files of torch.save in it: "
                                    + Messages.list(roots));
        }
        return roots.getFirst();
    }

    private String whatElse() {
        boolean compiled =
                zip.entries().stream().anyMatch(e -> e.name().contains("data/aotinductor/"));
        return compiled
                ? "this is a package of compiled models, not a file of tensors; load it as a model"
                : "this zip is not a file of torch.save: it has no " + quote(PICKLE);
    }

    private void requireLittleEndian() {
        var entry = zip.find(root + "byteorder");
        if (entry.isPresent()) {
            var text = zip.segment(entry.get()).asSlice(0, Math.min(16, entry.get().size()));
            String order =
                    new String(text.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
            if (!order.equals("little")) {
                throw bad(
                        "its byte order is %s, and only \"little\" can be mapped; save it again on a little-endian machine"
                                .formatted(quote(order)));
            }
        }
    }

    public Pickled pickle() {
        try {
            return PickleReader.read(zip.segment(pickle));
        } catch (FormException e) {
            throw bad(e);
        }
    }

    public PlacedTensor place(String name, Tensor tensor) {
        if (tensor.pending()) {
            throw badTensor(
                    name,
                    "is a view that is yet to be conjugated or negated; save"
                            + " tensor.resolve_conj().resolve_neg() instead");
        }
        var storage = tensor.storage();
        var entry = zip.find(root + "data/" + storage.key()).orElse(null);
        if (entry == null) {
            throw badTensor(
                    name,
                    "lies in storage " + quote(storage.key()) + ", which the zip does not have");
        }
        if (storage.byteSize() > entry.size()) {
            throw badTensor(
                    name,
                    "lies in a storage of %s bytes, but entry %s has only %s; copy or download the file again"
                            .formatted(storage.byteSize(), quote(entry.name()), entry.size()));
        }
        long bytes = storage.byteSize();
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        var range = Extents.within(bytes, tensor.dtype(), shape, strides, tensor.offset());
        if (range.isEmpty()) {
            throw badTensor(
                    name, Extents.describe(bytes, tensor.dtype(), shape, strides, tensor.offset()));
        }
        return new PlacedTensor(
                name,
                tensor.dtype(),
                shape,
                strides,
                0,
                part,
                offset + entry.offset() + range.get().begin(),
                range.get().span());
    }

    private PackageException bad(FormException e) {
        return new PackageException(
                path, prefix() + "entry " + quote(root + PICKLE) + ": " + e.getMessage(), e);
    }

    private PackageException badTensor(String name, String problem) {
        return bad("tensor " + quote(name) + " " + problem);
    }

    private PackageException bad(String problem) {
        return new PackageException(path, prefix() + problem);
    }

    private String prefix() {
        return part.isEmpty() ? "" : context() + ": ";
    }

    private String context() {
        return part.isEmpty() ? "" : "entry " + quote(part);
    }
}
