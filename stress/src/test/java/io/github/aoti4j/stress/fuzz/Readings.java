package io.github.aoti4j.stress.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;

/** Reads files to their last byte, and checks that what they hold lies within them. */
final class Readings {
    private Readings() {}

    /**
     * Gives bytes as a file of this name to a reader, which closes it. A refusal has to name the
     * file.
     */
    static void of(byte[] bytes, Path path, Consumer<MappedFile> reader) {
        try {
            reader.accept(MappedFile.copyOf(MemorySegment.ofArray(bytes), path));
        } catch (PackageException e) {
            // A shard may be at fault, in the same folder.
            assertTrue(e.path().startsWith(path.getParent()), e.getMessage());
            assertTrue(e.getMessage().startsWith(e.path() + ": "), e.getMessage());
            throw e;
        }
    }

    static void archive(Pt2Archive archive) {
        try (archive) {
            for (var entry : archive.entries()) {
                touch(archive.segment(entry));
            }
            for (String name : archive.models()) {
                var model = archive.model(name);
                model.metadata();
                model.wrapperSource().ifPresent(archive::text);
                model.weightsBlob().ifPresent(archive::bytes);
                if (model.weightsConfig().isPresent()) {
                    tensors(model.openWeights(_ -> false));
                }
                if (!model.isSourceOnly()) {
                    touch(archive.segment(model.library()));
                }
            }
            archive.entries().forEach(archive::checkCrc);
        }
    }

    static void safetensors(SafetensorsFile file) {
        try (file) {
            for (String name : file.names()) {
                var entry = file.entry(name);
                long elements = Arrays.stream(entry.shape()).reduce(1, Math::multiplyExact);
                assertEquals(elements * entry.dtype().byteSize(), entry.byteSize());
                assertEquals(entry.byteSize(), file.segment(name).byteSize());
            }
            each(file);
        }
    }

    static void tensors(TensorSource source) {
        try (source) {
            each(source);
        }
    }

    private static void each(TensorSource source) {
        for (String name : source.names()) {
            var tensor = source.find(name).orElseThrow();
            assertEquals(span(tensor), tensor.segment().byteSize(), tensor::toString);
            touch(tensor.segment());
        }
    }

    /** How many bytes there are from the first element to the end of the last. */
    private static long span(StoredTensor tensor) {
        long[] shape = tensor.shape();
        long[] strides = tensor.strides();
        assertEquals(shape.length, strides.length);
        if (Arrays.stream(shape).anyMatch(size -> size == 0)) {
            return 0;
        }
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            assertTrue(shape[i] > 0 && strides[i] >= 0, tensor::toString);
            last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
        }
        return Math.multiplyExact(last + 1, tensor.dtype().byteSize());
    }

    private static void touch(MemorySegment segment) {
        if (segment.byteSize() > 0) {
            segment.get(ValueLayout.JAVA_BYTE, 0);
            segment.get(ValueLayout.JAVA_BYTE, segment.byteSize() - 1);
        }
    }
}
