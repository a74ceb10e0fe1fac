package io.github.aoti4j.internal.constants;

import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tensors by name that become constants: those of a file, used where they lie, or those of the
 * caller, which are copied.
 */
public final class ConstantSource implements AutoCloseable {
    /** Null for tensors of the caller. */
    private final TensorSource file;

    private final Map<String, StoredTensor> given;

    private ConstantSource(TensorSource file, Map<String, StoredTensor> given) {
        this.file = file;
        this.given = given;
    }

    /** Takes over files, which are closed with the results. */
    public static List<ConstantSource> of(List<TensorSource> files) {
        return files.stream().map(file -> new ConstantSource(file, null)).toList();
    }

    /**
     * Makes a source of the caller's tensors. Their memory is read when they are bound, on the
     * thread that binds them, and not used after that.
     */
    public static ConstantSource of(Map<String, StoredTensor> tensors) {
        return new ConstantSource(null, tensors);
    }

    /** Returns the source's name for messages. */
    String label() {
        return isBorrowed() ? "the given tensors" : file.path().toString();
    }

    List<String> names() {
        return isBorrowed() ? List.copyOf(given.keySet()) : file.names();
    }

    Optional<StoredTensor> find(String name) {
        return isBorrowed() ? Optional.ofNullable(given.get(name)) : file.find(name);
    }

    /** Returns whether the memory is the caller's, and has to be copied. */
    boolean isBorrowed() {
        return file == null;
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
