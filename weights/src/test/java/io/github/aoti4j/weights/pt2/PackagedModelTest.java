package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

class PackagedModelTest {
    private static final String FOLDER = "r/data/aotinductor/model/";

    @TempDir Path folder;

    @Test
    void tellsFilesByWhatTheyAreFor() throws IOException {
        with(
                List.of(
                        "k.kernel.cpp",
                        "k.kernel_metadata.json",
                        "w.wrapper.cpp",
                        "w.wrapper.json",
                        "w.wrapper_weights.blob",
                        "w.wrapper.so",
                        "weights_config.json",
                        "custom_objs_config.json",
                        "a.cubin",
                        "b.fatbin"),
                model -> {
                    assertEquals("w.wrapper.so", model.library().fileName());
                    assertName("w.wrapper.cpp", model.wrapperSource());
                    assertName("w.wrapper.json", model.externNodes());
                    assertName("w.wrapper_weights.blob", model.weightsBlob());
                    assertName("weights_config.json", model.weightsConfig());
                    assertEquals(List.of("k.kernel.cpp"), names(model.kernelSources()));
                    assertEquals(List.of("a.cubin", "b.fatbin"), names(model.gpuKernels()));
                    assertFalse(model.isSourceOnly());
                    assertEquals(10, model.entries().size());
                    assertEquals(Map.of(), model.metadata());
                });
    }

    @Test
    void findsNothingWhereThereIsNothing() throws IOException {
        with(
                List.of("w.wrapper.so"),
                model -> {
                    assertEquals("w.wrapper.so", model.library().fileName());
                    assertTrue(model.wrapperSource().isEmpty());
                    assertTrue(model.externNodes().isEmpty());
                    assertTrue(model.weightsBlob().isEmpty());
                    assertTrue(model.weightsConfig().isEmpty());
                    assertTrue(model.compileFlags().isEmpty());
                    assertTrue(model.linkerFlags().isEmpty());
                    assertTrue(model.serializedWeights().isEmpty());
                    assertEquals(List.of(), model.objectFiles());
                });
    }

    @Test
    void takesTheWrapperAmongSeveralLibraries() throws IOException {
        with(
                List.of("launcher.so", "w.wrapper.so", "kernel.so"),
                model -> assertEquals("w.wrapper.so", model.library().fileName()));
        with(
                List.of("a.so", "b.so", "b_metadata.json", "c.so"),
                model -> assertEquals("b.so", model.library().fileName()));
    }

    @Test
    void refusesLibrariesThatCannotBeToldApart() throws IOException {
        for (var files :
                List.of(List.of("a.wrapper.so", "b.wrapper.so"), List.of("a.so", "b.so"))) {
            with(
                    files,
                    model ->
                            assertRefused(
                                    folder.resolve("package.pt2"),
                                    model::library,
                                    "\"model\"",
                                    "more than one"));
        }
    }

    @Test
    void tellsAModelPackagedAsSourceOnly() throws IOException {
        with(
                List.of(
                        "k.kernel.cpp",
                        "w.wrapper.cpp",
                        "w.wrapper_compile_flags.json",
                        "w.wrapper_linker_flags.json",
                        "w.wrapper_serialized_weights.bin",
                        "w.weights.o"),
                model -> {
                    assertTrue(model.isSourceOnly());
                    assertName("w.wrapper_compile_flags.json", model.compileFlags());
                    assertName("w.wrapper_linker_flags.json", model.linkerFlags());
                    assertName("w.wrapper_serialized_weights.bin", model.serializedWeights());
                    assertEquals(List.of("w.weights.o"), names(model.objectFiles()));
                    assertRefused(
                            folder.resolve("package.pt2"),
                            model::library,
                            "\"model\"",
                            "package_cpp_only",
                            "package it again");
                });
    }

    @Test
    void refusesAModelWithoutLibraryOrSource() throws IOException {
        with(
                List.of("weights_config.json"),
                model -> {
                    assertFalse(model.isSourceOnly());
                    assertRefused(
                            folder.resolve("package.pt2"),
                            model::library,
                            "\"model\"",
                            "no compiled library",
                            "\"weights_config.json\"");
                });
    }

    @Test
    void readsMetadataInOrder() throws IOException {
        withMetadata(
                "{\"AOTI_DEVICE_KEY\": \"cpu\", \"mine\": \"\\u00fc\", \"empty\": \"\"}",
                model -> {
                    var metadata = model.metadata();
                    assertEquals(
                            List.of("AOTI_DEVICE_KEY", "mine", "empty"),
                            List.copyOf(metadata.keySet()));
                    assertEquals("ü", metadata.get("mine"));
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "not json|not valid JSON",
                "{\"a\": \"b\"|not valid JSON",
                "''|not a JSON object",
                "[\"a\"]|not a JSON object",
                "{\"a\": 1}|\"a\" is not a string",
                "{\"a\": {\"b\": \"c\"}}|\"a\" is not a string",
                "{\"a\": null}|\"a\" is not a string",
                "{\"a\": \"b\", \"a\": \"c\"}|not valid JSON",
                "{} {}|more after"
            })
    void refusesMetadataThatIsNotAnObjectOfStrings(String json, String reason) throws IOException {
        withMetadata(
                json,
                model ->
                        assertRefused(
                                folder.resolve("package.pt2"),
                                model::metadata,
                                "w.wrapper_metadata.json",
                                "is not what it should be",
                                reason));
    }

    private void with(List<String> files, Consumer<PackagedModel> test) throws IOException {
        var zip = TestZip.likePyTorch();
        files.forEach(file -> zip.add(FOLDER + file, "{}"));
        with(zip, test);
    }

    private void withMetadata(String json, Consumer<PackagedModel> test) throws IOException {
        with(
                TestZip.likePyTorch()
                        .add(FOLDER + "w.wrapper.so", "")
                        .add(FOLDER + "w.wrapper_metadata.json", json),
                test);
    }

    private void with(TestZip zip, Consumer<PackagedModel> test) throws IOException {
        var path = Files.write(folder.resolve("package.pt2"), zip.build());
        try (var archive = Pt2Archive.open(path)) {
            test.accept(archive.model("model"));
        }
    }

    private static List<String> names(List<ArchiveEntry> entries) {
        return entries.stream().map(ArchiveEntry::fileName).toList();
    }

    private static void assertName(String expected, Optional<ArchiveEntry> entry) {
        assertEquals(expected, entry.orElseThrow().fileName());
    }
}
