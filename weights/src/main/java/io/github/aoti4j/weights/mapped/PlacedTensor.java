package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.StoredTensor;

/**
 * Where a tensor lies, as an index says; checked against the file's size.
 *
 * @param part what of the file holds it, for messages: empty, or the entries of a zip
 * @param offset where its first element starts, in bytes from the start of the file
 * @param span bytes from its first element to the end of its last
 */
@SuppressWarnings("ArrayRecordComponent") // passed on only into records that copy
public record PlacedTensor(
        String name,
        DType dtype,
        long[] shape,
        long[] strides,
        int file,
        String part,
        long offset,
        long span) {

    /** The same in another file of the same contents. */
    PlacedTensor inFile(int index) {
        return new PlacedTensor(name, dtype, shape, strides, index, part, offset, span);
    }

    StoredTensor in(MappedFile mapped) {
        var fileName = mapped.path().getFileName();
        return new StoredTensor(
                name,
                dtype,
                shape,
                strides,
                mapped.writableSegment().asSlice(offset, span),
                (fileName == null ? mapped.path() : fileName)
                        + (part.isEmpty() ? "" : ", " + part)
                        + ", offset "
                        + offset);
    }
}
