package io.github.aoti4j.weights.pt2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;

/** The committed fixtures of the runtime, which PyTorch itself wrote. */
public class FixturePackagesTest {
    @TempDir Path folder;

    @Test
    void opensEveryPackage() throws IOException {
        for (var path : fixtures(".pt2")) {
            try (var archive = Pt2Archive.open(path)) {
                assertFalse(archive.models().isEmpty());
                for (String name : archive.models()) {
                    var model = archive.model(name);
                    if (model.isSourceOnly()) {
                        assertTrue(model.compileFlags().isPresent(), path::toString);
                    } else {
                        assertTrue(model.library().fileName().endsWith(".wrapper.so"));
                    }
                    assertTrue(model.wrapperSource().isPresent(), path::toString);
                    assertTrue(model.metadata().containsKey("AOTI_DEVICE_KEY"), path::toString);
                }
                for (var entry : archive.entries()) {
                    archive.checkCrc(entry);
                    assertEquals(0, entry.offset() % 64, () -> path + " " + entry);
                }
            }
        }
    }

    @Test
    void writesAgainWhatTheReferenceImplementationWrote() throws IOException {
        for (var path : fixtures(".safetensors")) {
            var copy = folder.resolve("copy.safetensors");
            try (var file = SafetensorsFile.open(path)) {
                var tensors = new LinkedHashMap<String, TensorData>();
                for (String name : file.names()) {
                    var entry = file.entry(name);
                    tensors.put(
                            name, new TensorData(entry.dtype(), entry.shape(), file.segment(name)));
                }
                SafetensorsWriter.write(copy, tensors, file.metadata());
                try (var again = SafetensorsFile.open(copy)) {
                    assertEquals(file.names(), again.names());
                    for (String name : file.names()) {
                        assertEquals(file.entry(name).dtype(), again.entry(name).dtype());
                        assertEquals(-1, file.segment(name).mismatch(again.segment(name)));
                    }
                }
            }
        }
    }

    /** The fixtures whose paths end with one of these. */
    public static List<Path> fixtures(String... suffixes) throws IOException {
        try (var files = Files.walk(Checkout.fixtures())) {
            var found =
                    files.filter(file -> Stream.of(suffixes).anyMatch(file.toString()::endsWith))
                            .sorted()
                            .toList();
            assertFalse(found.isEmpty(), () -> "no fixture for " + List.of(suffixes));
            return found;
        }
    }
}
