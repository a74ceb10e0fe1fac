package io.github.aoti4j.weights.torchsave;

import io.github.aoti4j.core.DType;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that a pickle makes: of Python's, those that a state dict is made of, and of PyTorch's,
 * storages and tensors, which say where bytes lie and hold none.
 */
public sealed interface Pickled {
    record Text(String value) implements Pickled {}

    /** An integer that a long can hold. */
    record Int(long value) implements Pickled {}

    record Tuple(List<Pickled> items) implements Pickled {}

    /** Plain values that are not looked into. */
    enum Plain implements Pickled {
        TRUE,
        FALSE,
        LIST,
        SET,
        /** The class of a tensor or of a parameter. */
        TENSOR_TYPE,
        /** None, a float, bytes, a device. */
        OTHER
    }

    /** A dictionary, ordered or not. Entries with other keys than strings are not kept. */
    final class Dict implements Pickled {
        private Map<String, Pickled> entries = Map.of();

        /** Returns false, and changes nothing, if the key exists already. */
        boolean put(String key, Pickled value) {
            if (entries.isEmpty()) {
                entries = new LinkedHashMap<>();
            }
            return entries.putIfAbsent(key, value) == null;
        }

        Map<String, Pickled> entries() {
            return entries;
        }
    }

    /** What a pickle may call. */
    enum Function implements Pickled {
        ORDERED_DICT,
        REBUILD_TENSOR_V2,
        REBUILD_TENSOR_V3,
        REBUILD_PARAMETER,
        /** A tensor with attributes. */
        REBUILD_FROM_TYPE,
        SIZE,
        /** Any that makes a plain value of plain values. */
        PLAIN
    }

    /** An element type. */
    record ElementType(DType dtype) implements Pickled {}

    /** A class of storages; the dtype is null for storages of plain bytes. */
    record StorageType(DType dtype) implements Pickled {}

    /**
     * A block of memory that tensors lie in.
     *
     * @param dtype null for plain bytes
     * @param key the name of its entry in the folder {@code data}
     * @param byteSize the size that the pickle states
     */
    record Storage(DType dtype, String key, long byteSize) implements Pickled {}

    /**
     * A tensor. Only the ranks have been compared yet.
     *
     * @param offset of the first element in the storage, in elements, from 0
     * @param strides in elements, from 0
     * @param pending whether its elements have yet to be conjugated or negated
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Tensor(
            DType dtype,
            Storage storage,
            long offset,
            long[] shape,
            long[] strides,
            boolean pending)
            implements Pickled {}
}
