package io.github.aoti4j.weights.files;

import static io.github.aoti4j.weights.mapped.Messages.list;
import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.Paging;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorEntry;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedTensors;
import io.github.aoti4j.weights.safetensors.SafetensorsHeader;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A safetensors file: its header read and checked in full, its tensors mapped in place.
 *
 * <p>Immutable but for {@link #close()}, and thread-safe. Segments end with it, or with the last
 * {@link #hold()}. While it is mapped, the file must not be shortened or rewritten in place:
 * replace it by renaming a new one over it.
 */
public final class SafetensorsFile implements TensorSource {
    private final MappedFile file;
    private final SafetensorsHeader header;
    private final MappedTensors tensors;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header) {
        this.file = file;
        this.header = header;
        this.tensors =
                new MappedTensors(
                        file.path(), List.of(file), List.copyOf(header.placed(0).values()));
    }

    /**
     * Opens a file and reads its header. No tensor's bytes are read.
     *
     * @param path a safetensors file, of whatever name
     * @return the open file, to be closed by the caller
     * @throws PackageException if this is not a sound safetensors file; the message names the
     *     tensor at fault
     */
    public static SafetensorsFile open(Path path) {
        return MappedFile.open(path, SafetensorsFile::of);
    }

    static SafetensorsFile of(MappedFile file) {
        return new SafetensorsFile(file, SafetensorsHeader.read(file));
    }

    /** {@return the path that the file was opened with, also after close} */
    @Override
    public Path path() {
        return file.path();
    }

    /**
     * {@return the strings that the file's author added, {@code __metadata__} of the header, in its
     * order; empty if there are none}
     */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** {@return the names in the order of the header, which need not be that of the data} */
    @Override
    public List<String> names() {
        return tensors.names();
    }

    /**
     * {@return whether there is a tensor of this name}
     *
     * @param name a name
     */
    public boolean contains(String name) {
        return header.tensors().containsKey(name);
    }

    /**
     * Finds a tensor.
     *
     * @param name one of {@link #names()}
     * @return its dtype, shape and place
     * @throws PackageException if there is no such tensor; the message lists those that exist
     */
    public TensorEntry entry(String name) {
        var entry = header.tensors().get(Objects.requireNonNull(name, "name"));
        if (entry == null) {
            throw new PackageException(
                    path(),
                    "there is no tensor %s in this file; ".formatted(quote(name))
                            + (names().isEmpty() ? "it is empty" : "it holds " + list(names())));
        }
        return entry;
    }

    /**
     * Returns the bytes of a tensor in place.
     *
     * @param name one of {@link #names()}
     * @return a read-only slice of the mapped file, little-endian. It is not necessarily aligned to
     *     the size of an element: check, or use unaligned layouts
     * @throws PackageException if there is no such tensor
     * @throws IllegalStateException if this file is closed
     */
    public MemorySegment segment(String name) {
        var entry = entry(name);
        return file.segment().asSlice(entry.offset(), entry.byteSize());
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return tensors.find(name);
    }

    @Override
    public Lease hold() {
        return file.hold();
    }

    @Override
    public SafetensorsFile duplicate() {
        return new SafetensorsFile(file.duplicate(), header);
    }

    @Override
    public void prefetch(Paging paging, Progress progress) {
        tensors.prefetch(paging, progress);
    }

    @Override
    public void close() {
        file.close();
    }
}
