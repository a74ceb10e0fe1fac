package io.github.aoti4j.weights.files;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.pt2.Blob;
import io.github.aoti4j.weights.safetensors.ShardIndex;
import io.github.aoti4j.weights.torchsave.TorchArchive;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Opens files of tensors, recognised by their first bytes, not by their names, which vary.
 *
 * <p>Opening a file reads its index and no tensor.
 */
public final class WeightFiles {
    private static final byte[] ZIP = {'P', 'K', 3, 4};

    /** Protocol 2, then a long of ten bytes: the magic number of torch.save before 1.6. */
    private static final byte[] LEGACY = {(byte) 0x80, 2, (byte) 0x8a, 10, 'l', (byte) 0xfc};

    private static final byte[] GIT_LFS =
            "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

    private static final int LENGTH_BYTES = Long.BYTES;

    private WeightFiles() {}

    /**
     * Opens a file of tensors:
     *
     * <ul>
     *   <li>safetensors ({@link SafetensorsFile});
     *   <li>several of them, by their {@code *.safetensors.index.json};
     *   <li>a state dict of {@code torch.save} ({@code .pt}, {@code .pth}, {@code .bin}) in the zip
     *       format of PyTorch 1.6 and later. Its pickle is read by an interpreter that knows
     *       tensors and plain values, and can run nothing. Dictionaries within the dictionary are
     *       flattened to names with dots, and other values ignored. If the first level has no
     *       tensors but a dictionary with some, named {@code state_dict}, {@code model_state_dict}
     *       or {@code model}, in this order, that one is opened.
     * </ul>
     *
     * @param path the file
     * @return its tensors, to be closed by the caller
     * @throws PackageException if the file is none of these, or damaged, or refers to anything
     *     foreign; names the tensor at fault
     */
    public static TensorSource open(Path path) {
        return MappedFile.open(path, WeightFiles::read);
    }

    /**
     * Opens the weights of a compiled model that lie beside its library, one after the other
     * ({@code *_weights.blob}). The blob does not describe its contents.
     *
     * @param path the file
     * @param layout the model's constants in the order of their indices, without those that are
     *     computed by constant folding
     * @return the constants, to be closed by the caller
     * @throws PackageException if the file cannot be read, or the constants do not take exactly its
     *     bytes
     */
    public static TensorSource openBlob(Path path, List<BlobTensor> layout) {
        return MappedFile.open(path, file -> Blob.open(file, layout));
    }

    private static TensorSource read(MappedFile file) {
        byte[] start =
                file.segment().asSlice(0, Math.min(64, file.size())).toArray(ValueLayout.JAVA_BYTE);
        if (startsWith(start, ZIP)) {
            return TorchArchive.open(file);
        }
        if (isSafetensors(start) || file.path().toString().endsWith(".safetensors")) {
            return SafetensorsFile.of(file);
        }
        if (isJson(start)) {
            return ShardIndex.of(file);
        }
        throw new PackageException(file.path(), whatElse(start));
    }

    private static String whatElse(byte[] start) {
        if (startsWith(start, LEGACY)) {
            return "this is a file of torch.save in its format before version 1.6, which cannot be"
                    + " mapped; convert it in Python: torch.save(torch.load(\"old.pt\"),"
                    + " \"new.pt\")";
        }
        if (startsWith(start, GIT_LFS)) {
            return "this is the place holder of a file in Git LFS; run \"git lfs pull\"";
        }
        return "this is no file of tensors that is known here: neither safetensors, nor the"
                + " .index.json of several, nor a zip of torch.save; write one of these";
    }

    /** The header's length, which is below 4 GiB, and its start. */
    private static boolean isSafetensors(byte[] start) {
        return start.length > LENGTH_BYTES
                && start[LENGTH_BYTES] == '{'
                && Arrays.equals(start, LENGTH_BYTES - 4, LENGTH_BYTES, new byte[4], 0, 4);
    }

    private static boolean isJson(byte[] start) {
        return new String(start, StandardCharsets.ISO_8859_1).stripLeading().startsWith("{");
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return bytes.length >= prefix.length
                && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }
}
