package io.github.aoti4j.weights.files;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.MemorySegments;
import io.github.aoti4j.weights.safetensors.SafetensorsHeader;
import io.github.aoti4j.weights.safetensors.SafetensorsShape;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Writes safetensors files. */
public final class SafetensorsWriter {
    /** The data start at a multiple of this, so that a mapped tensor can be used where it lies. */
    private static final int ALIGNMENT = 64;

    private static final JsonFactory FACTORY = new JsonFactory();

    private SafetensorsWriter() {}

    /**
     * Writes tensors to a file; see {@link #write(Path, Map, Map)}.
     *
     * @param path the file
     * @param tensors the tensors by name
     * @throws InvalidInputException if a tensor cannot be written
     * @throws PackageException if the file cannot be written
     */
    public static void write(Path path, Map<String, TensorData> tensors) {
        write(path, tensors, Map.of());
    }

    /**
     * Writes tensors to a file. It is written beside its place and renamed when complete, so that
     * no reader sees half of it; an existing file, or the target of a link, is replaced.
     *
     * <p>The header names the tensors in the order of the map. Their data are ordered by the size
     * of their elements, the largest first, so that each lies at a multiple of it.
     *
     * @param path the file
     * @param tensors the tensors by name; dense, row-major
     * @param metadata strings to store with them; none if empty
     * @throws InvalidInputException if a tensor's dtype has no name in the format, or its bytes do
     *     not fit its dtype and shape; the message names the tensor
     * @throws PackageException if the file cannot be written
     */
    public static void write(
            Path path, Map<String, TensorData> tensors, Map<String, String> metadata) {
        tensors.forEach(SafetensorsWriter::check);
        metadata.forEach(
                (key, value) -> {
                    if (!isUnicode(key) || !isUnicode(value)) {
                        throw new InvalidInputException(
                                "the metadata of " + quote(key) + " is not valid Unicode");
                    }
                });
        var names = inDataOrder(tensors);
        byte[] header = header(tensors, names, metadata);
        Path beside = null;
        try {
            Path target = target(path);
            beside =
                    target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".part");
            try (var channel =
                    FileChannel.open(
                            beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                MemorySegments.write(prefixed(header), channel);
                for (String name : names) {
                    MemorySegments.write(tensors.get(name).bytes(), channel);
                }
                channel.force(true);
            }
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new PackageException(
                    path,
                    "the file cannot be written (%s); check that its folder exists, may be written and has room"
                            .formatted(e),
                    e);
        } finally {
            deleteIfThere(beside);
        }
    }

    /** Returns the file to rename over: the target of a link, and never a device or a pipe. */
    private static Path target(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new PackageException(path, "this is a directory; give the path of a file");
        }
        if (Files.isRegularFile(path)) {
            return path.toRealPath();
        }
        if (Files.exists(path)) {
            throw new PackageException(
                    path, "this is not a regular file and cannot be replaced; write to another");
        }
        return path.toAbsolutePath();
    }

    private static void check(String name, TensorData tensor) {
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw bad(name, "has a name that the format keeps for metadata; name it otherwise");
        }
        if (!isUnicode(name)) {
            throw bad(name, "has a name that is not valid Unicode; name it otherwise");
        }
        if (tensor.dtype().safetensorsName().isEmpty()) {
            throw bad(
                    name,
                    "is %s, which the safetensors format cannot store; store its parts as a type that it can"
                            .formatted(tensor.dtype().torchName()));
        }
        long[] shape = tensor.shape();
        if (shape.length > Extents.MAX_RANK) {
            throw bad(
                    name,
                    "has %s dimensions; at most %s can be stored"
                            .formatted(shape.length, Extents.MAX_RANK));
        }
        if (Arrays.stream(shape).anyMatch(size -> size < 0)) {
            throw bad(name, "has a negative size in its shape " + Arrays.toString(shape));
        }
        long expected;
        try {
            expected = SafetensorsShape.byteSize(tensor.dtype(), shape);
            if (SafetensorsShape.toHeader(tensor.dtype(), shape) == null) {
                throw bad(name, "is a pair of elements without a dimension; reshape it to [1]");
            }
        } catch (ArithmeticException e) {
            throw bad(name, "is larger than any file: shape " + Arrays.toString(shape));
        }
        if (tensor.bytes().byteSize() != expected) {
            throw bad(
                    name,
                    "takes %s bytes as %s, but %s were given"
                            .formatted(expected, tensor, tensor.bytes().byteSize()));
        }
    }

    /** Java's strings may contain half of a surrogate pair, which UTF-8 cannot encode. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static List<String> inDataOrder(Map<String, TensorData> tensors) {
        return tensors.keySet().stream()
                .sorted(Comparator.comparingInt(name -> -tensors.get(name).dtype().byteSize()))
                .toList();
    }

    private static byte[] header(
            Map<String, TensorData> tensors,
            List<String> inDataOrder,
            Map<String, String> metadata) {
        var ends = new HashMap<String, Long>();
        long end = 0;
        for (String name : inDataOrder) {
            end += tensors.get(name).bytes().byteSize();
            ends.put(name, end);
        }
        var out = new ByteArrayOutputStream();
        try (var json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart(SafetensorsHeader.METADATA);
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            tensors.forEach((name, tensor) -> writeTensor(json, name, tensor, ends.get(name)));
            json.writeEndObject();
        }
        while ((Long.BYTES + out.size()) % ALIGNMENT != 0) {
            out.write(' ');
        }
        if (out.size() > SafetensorsHeader.MAX_BYTES) {
            throw new InvalidInputException(
                    "the header of %s tensors has %s bytes; the safetensors format allows at most %s: write several files"
                            .formatted(tensors.size(), out.size(), SafetensorsHeader.MAX_BYTES));
        }
        return out.toByteArray();
    }

    private static void writeTensor(JsonGenerator json, String name, TensorData tensor, long end) {
        var dtype = tensor.dtype();
        long[] shape = SafetensorsShape.toHeader(dtype, tensor.shape());
        json.writeObjectPropertyStart(name);
        json.writeStringProperty("dtype", dtype.safetensorsName().orElseThrow());
        json.writeName("shape");
        json.writeArray(shape, 0, shape.length);
        json.writeName("data_offsets");
        json.writeArray(new long[] {end - tensor.bytes().byteSize(), end}, 0, 2);
        json.writeEndObject();
    }

    private static MemorySegment prefixed(byte[] header) {
        var bytes = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        return MemorySegment.ofBuffer(bytes.putLong(header.length).put(header).flip());
    }

    private static void deleteIfThere(Path path) {
        try {
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException ignored) {
            // What made writing fail is on its way to the caller, and says more.
        }
    }

    private static InvalidInputException bad(String name, String problem) {
        return new InvalidInputException("tensor " + quote(name) + " " + problem);
    }
}
