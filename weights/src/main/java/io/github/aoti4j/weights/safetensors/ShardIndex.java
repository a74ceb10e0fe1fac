package io.github.aoti4j.weights.safetensors;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.mapped.MappedTensors;
import io.github.aoti4j.weights.mapped.PlacedTensor;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Safetensors split over several files, and the {@code *.safetensors.index.json} that says which
 * tensor is in which: an object with a {@code weight_map} of names to file names, relative to the
 * index. Whatever else stands in it, and tensors that it does not name, are left alone.
 */
public final class ShardIndex {
    private static final String WEIGHT_MAP = "weight_map";

    private ShardIndex() {}

    /** Opens the shards, and closes the index if it succeeds. */
    public static TensorSource of(MappedFile index) {
        Path path = index.path();
        var fileOfTensor = read(index);
        var shards = new LinkedHashMap<String, SafetensorsHeader>();
        var files = new ArrayList<MappedFile>();
        try {
            for (String name : fileOfTensor.values()) {
                if (!shards.containsKey(name)) {
                    files.add(openShard(path, name));
                    shards.put(name, SafetensorsHeader.read(files.getLast()));
                }
            }
            var source = new MappedTensors(path, files, place(path, fileOfTensor, shards));
            index.close();
            return source;
        } catch (Throwable e) {
            Closeables.closeAfter(e, files);
            throw e;
        }
    }

    private static Map<String, String> read(MappedFile index) {
        if (index.size() > SafetensorsHeader.MAX_BYTES) {
            throw new PackageException(
                    index.path(),
                    "the index has %s bytes, more than any index of safetensors files; it is something else"
                            .formatted(index.size()));
        }
        try {
            return parse(index.segment().toArray(ValueLayout.JAVA_BYTE));
        } catch (FormException e) {
            throw new PackageException(
                    index.path(),
                    "this is not an index of safetensors files: %s; copy it again, or give one .safetensors file"
                            .formatted(e.getMessage()),
                    e);
        }
    }

    private static Map<String, String> parse(byte[] json) throws FormException {
        try (var parser = Json.parser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormException("it is not a JSON object");
            }
            Map<String, String> fileOfTensor = null;
            for (String key = parser.nextName(); key != null; key = parser.nextName()) {
                parser.nextToken();
                if (key.equals(WEIGHT_MAP)) {
                    fileOfTensor = Json.stringMap(parser);
                } else {
                    parser.skipChildren();
                }
            }
            Json.requireEnd(parser);
            if (fileOfTensor == null) {
                throw new FormException("it has no " + quote(WEIGHT_MAP));
            }
            return fileOfTensor;
        } catch (JacksonException e) {
            throw new FormException(e);
        }
    }

    private static MappedFile openShard(Path index, String name) {
        Path shard = shard(index, name);
        if (Files.notExists(shard)) {
            throw new PackageException(
                    shard, "this shard is missing, which " + index + " names; copy it there");
        }
        return MappedFile.open(shard);
    }

    private static Path shard(Path index, String name) {
        try {
            Path relative = index.getFileSystem().getPath(name);
            boolean inside = !relative.isAbsolute() && relative.normalize().toString().equals(name);
            if (!name.isEmpty() && inside && !relative.startsWith("..")) {
                return index.resolveSibling(relative);
            }
        } catch (InvalidPathException e) {
            throw new PackageException(index, "the shard " + quote(name) + " is no file name", e);
        }
        throw new PackageException(
                index,
                "the shard %s is not named by a path below the index's folder; such names are refused"
                        .formatted(quote(name)));
    }

    private static List<PlacedTensor> place(
            Path path, Map<String, String> fileOfTensor, Map<String, SafetensorsHeader> shards) {
        var places = new LinkedHashMap<String, Map<String, PlacedTensor>>();
        shards.forEach((name, header) -> places.put(name, header.placed(places.size())));
        var tensors = new ArrayList<PlacedTensor>();
        fileOfTensor.forEach(
                (tensor, shard) -> {
                    var placed = places.get(shard).get(tensor);
                    if (placed == null) {
                        throw new PackageException(
                                path,
                                "tensor %s is not in %s, where the index says it is; copy index and shards again, from the same place"
                                        .formatted(quote(tensor), quote(shard)));
                    }
                    tensors.add(placed);
                });
        return tensors;
    }
}
