package io.github.aoti4j.internal.constants;

import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;

import java.util.ArrayList;
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

    /**
     * Takes over files.
     *
     * @param files closed with the results
     * @return the files, in their order
     */
    public static List<ConstantSource> of(List<TensorSource> files) {
        List<ConstantSource> sources = new ArrayList<>();
        files.forEach(file -> sources.add(new ConstantSource(file, null)));
        return sources;
    }

    /**
     * Makes a source of the caller's tensors. Their memory is read when they are bound, on the
     * thread that binds them, and not used after that.
     */
    public static ConstantSource of(Map<String, StoredTensor> tensors) {
        return new ConstantSource(null, tensors);
    }

    /** What messages call it. */
    String label() {
        return file == null ? "the given tensors" : file.path().toString();
    }

    List<String> names() {
        return file == null ? List.copyOf(given.keySet()) : file.names();
    }

    Optional<StoredTensor> find(String name) {
        return file == null ? Optional.ofNullable(given.get(name)) : file.find(name);
    }

    /** Whether the memory is the caller's, and has to be copied. */
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
