package io.github.aoti4j.weights;

import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tensors by name, in memory: usually those of a file, mapped in place.
 *
 * <p>Implementations are thread-safe. What is written to a tensor shows to all users of this
 * source, and to no others; see {@link #duplicate()}.
 */
public interface TensorSource extends AutoCloseable {
    /** {@return the file that was opened, also after close} */
    Path path();

    /** {@return the names of all tensors in the source's order, unmodifiable, also after close} */
    List<String> names();

    /**
     * Finds a tensor.
     *
     * @param name a name
     * @return the tensor; empty if it is not one of {@link #names()}
     * @throws IllegalStateException if this source is closed
     */
    Optional<StoredTensor> find(String name);

    /**
     * Keeps the tensors' memory beyond {@link #close()}.
     *
     * @return a share in all memory of this source, to be closed by the caller
     * @throws IllegalStateException if this source is closed
     */
    Lease hold();

    /**
     * Maps the same files once more, at the cost of page tables alone, since both share the page
     * cache.
     *
     * @return a source of the same tensors, to be closed by the caller: what is written to one does
     *     not show in the other
     * @throws PackageException if a file cannot be mapped again
     * @throws IllegalStateException if this source is closed
     */
    TensorSource duplicate();

    /**
     * Reads the tensors' pages ahead of their use, which takes as long as the disk does.
     *
     * @param paging which way; {@link Paging#LAZY} does nothing
     * @param progress receives the bytes done; an exception of it ends the reading
     * @throws NativeException if pages cannot be read, or not be locked: then none is locked
     * @throws IllegalStateException if this source is closed
     */
    void prefetch(Paging paging, Progress progress);

    /**
     * Unmaps everything, or leaves that to the last {@link #hold()}. Closing again does nothing.
     *
     * @throws IllegalStateException if this is the last share and a native call is using a tensor
     *     at this moment; close can then be tried again
     */
    @Override
    void close();
}
