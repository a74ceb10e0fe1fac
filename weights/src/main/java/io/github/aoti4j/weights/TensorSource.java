package io.github.aoti4j.weights;

import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.pt2.Blob;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tensors by name, in memory: those of a file, as a rule, mapped where they lie.
 *
 * <p>Opening a file reads its index and no tensor. Implementations are thread-safe. What is written
 * to a tensor shows to all who use this source, and to nobody else; see {@link #duplicate()}.
 */
public interface TensorSource extends AutoCloseable {
    /**
     * Opens a file of tensors, which its first bytes tell:
     *
     * <ul>
     *   <li>safetensors ({@link SafetensorsFile});
     *   <li>several of them, by their {@code *.safetensors.index.json};
     *   <li>a state dict of {@code torch.save} ({@code .pt}, {@code .pth}, {@code .bin}) in the zip
     *       format of PyTorch 1.6 and later. Its pickle is read by an interpreter that knows
     *       tensors and plain values, and can run nothing. Dictionaries within the dictionary are
     *       flattened to names with dots, and other values passed over. If there are no tensors on
     *       the first level but in a dictionary there, by the name of {@code state_dict}, {@code
     *       model_state_dict} or {@code model}, in this order, then that is what is opened.
     * </ul>
     *
     * @param path the file
     * @return its tensors, to be closed by the caller
     * @throws PackageException if the file is none of these, or damaged, or refers to anything
     *     foreign; names the tensor at fault
     */
    static TensorSource open(Path path) {
        return WeightFiles.open(path);
    }

    /**
     * Opens the weights of a compiled model that lie beside its library, one after the other
     * ({@code *_weights.blob}). Nothing in them says what they are, so the caller has to.
     *
     * @param path the file
     * @param layout the model's constants in the order of their indices, without those that are
     *     computed by constant folding
     * @return the constants, to be closed by the caller
     * @throws PackageException if the file cannot be read, or the constants do not take exactly the
     *     bytes that it has
     */
    static TensorSource openBlob(Path path, List<BlobTensor> layout) {
        return MappedFile.open(path, file -> Blob.open(file, layout));
    }

    /**
     * Returns where the tensors come from.
     *
     * @return the file that was opened, also after close
     */
    Path path();

    /**
     * Returns the names of all tensors.
     *
     * @return the names in the source's order, unmodifiable, also after close
     */
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
     * Maps the same files once more. Costs no memory but the page tables, since both share the page
     * cache.
     *
     * @return a source of the same tensors, to be closed by the caller: what is written to one does
     *     not show in the other
     * @throws PackageException if a file cannot be mapped again
     * @throws IllegalStateException if this source is closed
     */
    TensorSource duplicate();

    /**
     * Reads the tensors' pages ahead of their use. Takes as long as the disk does where pages have
     * to be read, and may be ended by an exception of the listener.
     *
     * @param paging which way; {@link Paging#LAZY} does nothing
     * @param progress hears how many bytes are done
     * @throws NativeException if pages cannot be read, or not be locked: then none is locked
     * @throws IllegalStateException if this source is closed
     */
    void prefetch(Paging paging, Progress progress);

    /**
     * Unmaps everything, or leaves that to the last {@link #hold()}. Closing again does nothing.
     *
     * @throws IllegalStateException if nothing is held and a native call is using a tensor at this
     *     moment; close can then be tried again
     */
    @Override
    void close();
}
