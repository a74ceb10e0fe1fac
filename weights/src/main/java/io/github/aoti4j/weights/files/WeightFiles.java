package io.github.aoti4j.weights.files;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.safetensors.ShardIndex;
import io.github.aoti4j.weights.torchsave.TorchSave;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** Tells files of tensors by their first bytes, not by their names, which vary. */
public final class WeightFiles {
    private static final byte[] ZIP = {'P', 'K', 3, 4};

    /** Protocol 2, then a long of ten bytes: the magic number of torch.save before 1.6. */
    private static final byte[] LEGACY = {(byte) 0x80, 2, (byte) 0x8a, 10, 'l', (byte) 0xfc};

    private static final byte[] GIT_LFS =
            "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

    private static final int LENGTH_BYTES = Long.BYTES;

    private WeightFiles() {}

    public static TensorSource open(Path path) {
        return MappedFile.open(path, WeightFiles::read);
    }

    private static TensorSource read(MappedFile file) {
        byte[] start =
                file.segment().asSlice(0, Math.min(64, file.size())).toArray(ValueLayout.JAVA_BYTE);
        if (startsWith(start, ZIP)) {
            return TorchSave.of(file);
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
        int at = 0;
        while (at < start.length && Character.isWhitespace(start[at])) {
            at++;
        }
        return at < start.length && start[at] == '{';
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return bytes.length >= prefix.length
                && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }
}
