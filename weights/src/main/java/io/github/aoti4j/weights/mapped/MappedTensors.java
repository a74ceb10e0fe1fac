package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.Paging;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/** The tensors of mapped files, whatever the format: the index has been read and checked. */
public final class MappedTensors implements TensorSource {
    private final Path path;
    private final List<MappedFile> files;
    private final SequencedMap<String, PlacedTensor> tensors;
    private final List<String> names;

    /** Owns the files from here on; the tensors are in the order of the index. */
    public MappedTensors(Path path, List<MappedFile> files, List<PlacedTensor> tensors) {
        this(path, files, byName(tensors));
    }

    private MappedTensors(
            Path path, List<MappedFile> files, SequencedMap<String, PlacedTensor> tensors) {
        this.path = path;
        this.files = List.copyOf(files);
        this.tensors = tensors;
        this.names = List.copyOf(tensors.keySet());
    }

    private static SequencedMap<String, PlacedTensor> byName(List<PlacedTensor> tensors) {
        var byName = new LinkedHashMap<String, PlacedTensor>();
        for (var tensor : tensors) {
            byName.put(tensor.name(), tensor);
        }
        return Collections.unmodifiableSequencedMap(byName);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> names() {
        return names;
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        Objects.requireNonNull(name, "name");
        for (var file : files) {
            file.requireOpen();
        }
        var tensor = tensors.get(name);
        return tensor == null ? Optional.empty() : Optional.of(tensor.in(files.get(tensor.file())));
    }

    @Override
    public Lease hold() {
        var holds = new ArrayList<Lease>();
        try {
            for (var file : files) {
                holds.add(file.hold());
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, holds);
            throw e;
        }
        return () -> Closeables.closeAll(holds);
    }

    @Override
    public MappedTensors duplicate() {
        var copies = new ArrayList<MappedFile>();
        try {
            files.forEach(file -> copies.add(file.duplicate()));
        } catch (Throwable e) {
            Closeables.closeAfter(e, copies);
            throw e;
        }
        return new MappedTensors(path, copies, tensors);
    }

    @Override
    public void prefetch(Paging paging, Progress progress) {
        Objects.requireNonNull(paging, "paging");
        Objects.requireNonNull(progress, "progress");
        try (var _ = hold()) {
            // Linking what Pages calls costs a JVM's first load milliseconds.
            if (paging != Paging.LAZY) {
                new Prefetch(path, files, tensors.values()).run(paging, progress);
            }
        }
    }

    @Override
    public void close() {
        Closeables.closeAll(files);
    }
}
