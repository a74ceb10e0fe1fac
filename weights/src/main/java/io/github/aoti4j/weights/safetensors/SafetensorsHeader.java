package io.github.aoti4j.weights.safetensors;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorEntry;
import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.mapped.LittleEndian;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.PlacedTensor;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The header of a safetensors file: an object that gives, for each tensor, {@code dtype}, {@code
 * shape} and {@code data_offsets}, the half-open range of its bytes behind the header; and, as
 * {@code __metadata__}, strings of the user's. The ranges must cover the data exactly.
 *
 * @param tensors the tensors by name, in the header's order, with offsets from the file's start
 * @param metadata the user's strings, empty if there are none
 */
public record SafetensorsHeader(Map<String, TensorEntry> tensors, Map<String, String> metadata) {
    /** The reference implementation's limit on the header's length, in bytes. */
    public static final int MAX_BYTES = 100_000_000;

    public static final String METADATA = "__metadata__";

    /** What stands before the header: its length. */
    private static final int LENGTH_BYTES = Long.BYTES;

    /**
     * Reads and checks the header of a file.
     *
     * @throws PackageException if it is not sound; names the tensor at fault
     */
    public static SafetensorsHeader read(MappedFile file) {
        var bytes = file.segment();
        long room = bytes.byteSize() - LENGTH_BYTES;
        if (room < 0) {
            throw new PackageException(
                    file.path(),
                    "the file has %s bytes, too few for a safetensors file; copy it again"
                            .formatted(bytes.byteSize()));
        }
        long length = LittleEndian.i64(bytes, 0);
        if (length < 0 || length > room) {
            throw new PackageException(
                    file.path(),
                    "the header claims %s bytes, but the file has only %s left: it is cut off (copy it again) or not a safetensors file"
                            .formatted(Long.toUnsignedString(length), room));
        }
        if (length > MAX_BYTES) {
            throw new PackageException(
                    file.path(),
                    "the header has %s bytes; the format allows at most %s: split the tensors over several files"
                            .formatted(length, MAX_BYTES));
        }
        long dataOffset = LENGTH_BYTES + length;
        var json = bytes.asSlice(LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        try {
            return parse(json, dataOffset, bytes.byteSize() - dataOffset);
        } catch (FormException e) {
            throw new PackageException(
                    file.path(),
                    "the header is not that of a sound safetensors file: %s; write the file again"
                            .formatted(e.getMessage()),
                    e);
        }
    }

    /** Parses and checks a header, given the file's bytes of data. */
    static SafetensorsHeader parse(byte[] json, long dataOffset, long dataSize)
            throws FormException {
        try (var parser = Json.parser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormException("it is not a JSON object");
            }
            var tensors = new LinkedHashMap<String, TensorEntry>();
            Map<String, String> metadata = Map.of();
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                if (name.equals(METADATA)) {
                    metadata = metadata(parser);
                } else {
                    try {
                        tensors.put(name, tensor(name, parser, dataOffset));
                    } catch (FormException e) {
                        throw bad(name, e.getMessage());
                    }
                }
            }
            Json.requireEnd(parser);
            requireCovered(tensors.values(), dataOffset, dataSize);
            return new SafetensorsHeader(Collections.unmodifiableMap(tensors), metadata);
        } catch (JacksonException e) {
            throw new FormException(e);
        }
    }

    /** Returns the tensors by name, as those of one file among several. */
    public Map<String, PlacedTensor> placed(int file) {
        var placed = new LinkedHashMap<String, PlacedTensor>();
        tensors.forEach((name, tensor) -> placed.put(name, placed(tensor, file)));
        return placed;
    }

    private static PlacedTensor placed(TensorEntry tensor, int file) {
        long[] shape = tensor.shape();
        return new PlacedTensor(
                tensor.name(),
                tensor.dtype(),
                shape,
                Extents.rowMajor(shape),
                file,
                "",
                tensor.offset(),
                tensor.byteSize());
    }

    private static Map<String, String> metadata(JsonParser parser) throws FormException {
        try {
            return Json.stringMap(parser);
        } catch (FormException e) {
            throw new FormException(quote(METADATA) + " is to hold strings, but " + e.getMessage());
        }
    }

    private static TensorEntry tensor(String name, JsonParser parser, long dataOffset)
            throws FormException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new FormException("is not described by a JSON object");
        }
        String dtype = null;
        long[] shape = null;
        long[] range = null;
        for (String key = parser.nextName(); key != null; key = parser.nextName()) {
            parser.nextToken();
            switch (key) {
                case "dtype" -> dtype = string(parser);
                case "shape" -> shape = Json.numbers(parser, "a shape", Extents.MAX_RANK);
                case "data_offsets" -> range = Json.numbers(parser, "data_offsets", 2);
                default -> throw new FormException("has the unknown property " + quote(key));
            }
        }
        if (dtype == null || shape == null || range == null) {
            throw new FormException("lacks one of dtype, shape and data_offsets");
        }
        if (range.length != 2) {
            throw new FormException("has data_offsets other than a begin and an end");
        }
        if (range[1] < range[0]) {
            throw new FormException(
                    "has data_offsets that run backwards: " + Arrays.toString(range));
        }
        return entry(name, dtype, shape, range, dataOffset);
    }

    private static TensorEntry entry(
            String name, String dtypeName, long[] headerShape, long[] range, long dataOffset)
            throws FormException {
        var dtype = DType.ofSafetensorsName(dtypeName).orElse(null);
        if (dtype == null) {
            throw new FormException(
                    "has the dtype " + quote(dtypeName) + ", which is not one of " + knownDTypes());
        }
        long[] shape = SafetensorsShape.fromHeader(dtype, headerShape);
        if (shape == null) {
            throw new FormException(
                    "is packed two elements to a byte, but its shape %s does not end with an even size"
                            .formatted(Arrays.toString(headerShape)));
        }
        long begin;
        long size;
        try {
            begin = Math.addExact(dataOffset, range[0]);
            size = SafetensorsShape.byteSize(dtype, shape);
            // Which overflow where the size does not, if there is a 0 among the sizes.
            long[] _ = Extents.rowMajor(shape);
        } catch (ArithmeticException e) {
            throw new FormException(
                    "is larger than any file: shape " + Arrays.toString(headerShape));
        }
        if (size != range[1] - range[0]) {
            throw new FormException(
                    "takes %s bytes by its dtype %s and shape %s, but %s by its data_offsets %s"
                            .formatted(
                                    size,
                                    dtypeName,
                                    Arrays.toString(headerShape),
                                    range[1] - range[0],
                                    Arrays.toString(range)));
        }
        return new TensorEntry(name, dtype, shape, begin, size);
    }

    private static String string(JsonParser parser) throws FormException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw new FormException("has a dtype that is not a string");
        }
        return parser.getString();
    }

    private static void requireCovered(
            Collection<TensorEntry> tensors, long dataOffset, long dataSize) throws FormException {
        var inOrder = new ArrayList<>(tensors);
        // Of two that begin at the same place, one is empty or they overlap.
        inOrder.sort(
                Comparator.comparingLong(TensorEntry::offset)
                        .thenComparingLong(TensorEntry::byteSize));
        long covered = 0;
        for (var tensor : inOrder) {
            long begin = tensor.offset() - dataOffset;
            if (begin < covered) {
                throw bad(
                        tensor.name(),
                        "overlaps the tensor before it: it begins at %s, the other ends at %s"
                                .formatted(begin, covered));
            }
            if (begin > covered) {
                throw bad(
                        tensor.name(),
                        "leaves a hole before it: it begins at %s, but the data before it end at %s"
                                .formatted(begin, covered));
            }
            covered = begin + tensor.byteSize();
            if (covered < 0 || covered > dataSize) {
                throw bad(
                        tensor.name(),
                        "ends at %s, beyond the %s bytes of data in the file; it may have been cut off: copy it again"
                                .formatted(Long.toUnsignedString(covered), dataSize));
            }
        }
        if (covered != dataSize) {
            throw new FormException(
                    "its tensors end at %s, but the file has %s bytes of data"
                            .formatted(covered, dataSize));
        }
    }

    private static String knownDTypes() {
        return Stream.of(DType.values())
                .flatMap(dtype -> dtype.safetensorsName().stream())
                .collect(Collectors.joining(", "));
    }

    private static FormException bad(String tensor, String problem) {
        return new FormException("tensor " + quote(tensor) + " " + problem);
    }
}
