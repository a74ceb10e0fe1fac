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
    /** A string. */
    record Text(String value) implements Pickled {}

    /** An integer that a long can hold. */
    record Int(long value) implements Pickled {}

    /** A tuple. */
    record Tuple(List<Pickled> items) implements Pickled {}

    /** Plain values that are not looked into. */
    enum Plain implements Pickled {
        TRUE,
        FALSE,
        LIST,
        SET,
        /** None, a float, bytes, a device. */
        OTHER
    }

    /** A dictionary, ordered or not. Entries with other keys than strings are not kept. */
    final class Dict implements Pickled {
        private Map<String, Pickled> entries = Map.of();

        /** Answers false, and changes nothing, if the key is there already. */
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
        SIZE,
        /** Any that makes a plain value of plain values. */
        PLAIN
    }

    /** An element type. */
    record ElementType(DType dtype) implements Pickled {}

    /**
     * A class of storages.
     *
     * @param dtype null if it is the one of storages that are mere bytes
     */
    record StorageType(DType dtype) implements Pickled {}

    /**
     * A block of memory that tensors lie in.
     *
     * @param dtype null if it is mere bytes
     * @param key the name of its entry in the folder {@code data}
     * @param byteSize what the pickle says its size is, from 0
     */
    record Storage(DType dtype, String key, long byteSize) implements Pickled {}

    /**
     * A tensor. Nothing but the ranks is checked against each other yet.
     *
     * @param offset of the first element in the storage, in elements, from 0
     * @param shape its sizes, from 0
     * @param strides in elements, from 0
     * @param pending true if its elements have yet to be conjugated or negated
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
