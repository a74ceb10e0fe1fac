package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.testing.TestZip.likePyTorch;
import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class Pt2ArchiveTest {
    @TempDir Path folder;

    @Test
    void opensAPackage() throws IOException {
        try (var archive = open(markers(model("mlp/", "model"), "mlp/"))) {
            assertEquals(List.of("model"), archive.models());
            assertEquals("model", archive.model("model").name());
            assertEquals("pt2", archive.text(archive.find("archive_format").orElseThrow()));
            assertFalse(archive.find("mlp/archive_format").isPresent());
            var library = archive.model("model").library();
            assertEquals("mlp/data/aotinductor/model/abc.wrapper.so", library.name());
            archive.checkCrc(library);
            assertArrayEquals(
                    archive.bytes(library),
                    archive.segment(library).toArray(ValueLayout.JAVA_BYTE));
            assertTrue(archive.segment(library).isReadOnly());
        }
    }

    @Test
    void takesTheRootFromTheEntriesNotFromTheFile() throws IOException {
        try (var archive = open(model("some other name/", "model"))) {
            assertEquals(List.of("model"), archive.models());
        }
        try (var archive = open(model("data/", "model"))) {
            assertEquals(List.of("model"), archive.models());
        }
    }

    @Test
    void listsModelsInTheOrderOfTheArchive() throws IOException {
        var zip = likePyTorch();
        for (String model : List.of("model_b", "model", "model_a", "model/part")) {
            zip.add("r/data/aotinductor/" + model + "/x.wrapper.so", model);
        }
        zip.add("r/data/aotinductor/model/x.wrapper.cpp", "source of model");
        try (var archive = open(zip)) {
            assertEquals(List.of("model_b", "model", "model_a", "model/part"), archive.models());
            for (String model : archive.models()) {
                assertEquals(model, archive.text(archive.model(model).library()));
            }
            assertEquals(2, archive.model("model").entries().size());
        }
    }

    @Test
    void opensAnOlderPackageWithoutARootFolder() throws IOException {
        var zip = new TestZip().add("version", "0").add("archive_format", "pt2");
        zip.add("data/aotinductor/model/abc.so", "library");
        zip.add("data/aotinductor/model/abc.cpp", "source");
        zip.add("data/aotinductor/model/abc_metadata.json", "{\"AOTI_DEVICE_KEY\": \"cpu\"}");
        try (var archive = open(zip)) {
            var model = archive.model("model");
            assertEquals("library", archive.text(model.library()));
            assertEquals("source", archive.text(model.wrapperSource().orElseThrow()));
            assertEquals("cpu", model.metadata().get("AOTI_DEVICE_KEY"));
            assertEquals(List.of(), model.kernelSources());
        }
    }

    @Test
    void opensARepackedPackageWithFolderEntries() throws IOException {
        var zip = new TestZip().add("mlp/", "").add("mlp/data/", "");
        zip.add("mlp/data/aotinductor/", "").add("mlp/data/aotinductor/model/", "");
        zip.add("mlp/data/aotinductor/model/abc.wrapper.so", "library");
        try (var archive = open(zip)) {
            assertEquals(List.of("model"), archive.models());
            assertEquals(1, archive.model("model").entries().size());
        }
    }

    @Test
    void findsEntriesOutsideOfModels() throws IOException {
        try (var archive = open(model("r/", "m").add("r/data/constants/custom_obj_0", "it"))) {
            var object = archive.find("data/constants/custom_obj_0").orElseThrow();
            assertEquals("it", archive.text(object));
            assertTrue(archive.entries().contains(object));
        }
    }

    @Test
    void refusesTwoRoots() throws IOException {
        assertNotOpened(
                model("one/", "m").add("two/archive_format", "pt2"), "\"one/\", \"two/\"", "root");
        assertNotOpened(model("one/", "m").add("stray.txt", ""), "\"one/\", \"./\"", "root");
        assertNotOpened(model("", "m").add("one/data/aotinductor/m/x.so", ""), "\"one/\"", "root");
    }

    @ParameterizedTest
    @CsvSource({
        "archive_format, pt3, pt2",
        "byteorder, big, little",
        "archive_version, 1, 0",
        "version, 7, 0"
    })
    void refusesMarkersOfOtherKinds(String name, String given, String known) throws IOException {
        var zip = model("r/", "m").add("r/" + name, given);
        assertNotOpened(zip, "\"r/" + name + "\"", "\"" + given + "\"", "\"" + known + "\"");
    }

    @Test
    void refusesAPackageWithoutAModel() throws IOException {
        assertNotOpened(likePyTorch().add("r/archive_format", "pt2"), "no model");
        assertNotOpened(new TestZip(), "no model");
        assertNotOpened(likePyTorch().add("r/data/aotinductor/loose.so", ""), "no model");
    }

    @Test
    void tellsWhatElseTheFileIs() throws IOException {
        assertNotOpened(
                likePyTorch().add("r/models/model.json", "{}"),
                "exported program",
                "aoti_compile_and_package");
        var saved = likePyTorch().add("archive/data.pkl", "").add("archive/version", "3");
        assertNotOpened(saved, "torch.save", "torch.export");
    }

    @Test
    void listsTheModelsWhenOneIsNotThere() throws IOException {
        try (var archive = open(model("r/", "encoder"))) {
            assertRefused(
                    archive.path(),
                    () -> archive.model("decoder"),
                    "\"decoder\"",
                    "holds \"encoder\"");
        }
    }

    @Test
    void refusesACompressedEntry() throws IOException {
        assertNotOpened(
                model("r/", "m").add("r/x", "y", e -> e.method = 8), "\"r/x\"", "compressed");
    }

    @Test
    void refusesToCopyADamagedEntry() throws IOException {
        var zip = model("r/", "m").add("r/x", "text", e -> e.crc ^= 1);
        try (var archive = open(zip)) {
            var entry = archive.find("x").orElseThrow();
            assertEquals(4, archive.segment(entry).byteSize());
            assertRefused(archive.path(), () -> archive.text(entry), "\"r/x\"", "CRC-32");
            assertRefused(archive.path(), () -> archive.bytes(entry), "\"r/x\"", "CRC-32");
            assertRefused(archive.path(), () -> archive.checkCrc(entry), "\"r/x\"", "CRC-32");
        }
    }

    @Test
    void refusesTextThatIsNotUtf8() throws IOException {
        var zip = model("r/", "m").add("r/x", new byte[] {(byte) 0xC0}, e -> {});
        try (var archive = open(zip)) {
            assertRefused(
                    archive.path(),
                    () -> archive.text(archive.find("x").orElseThrow()),
                    "\"r/x\"",
                    "UTF-8");
        }
    }

    @Test
    void refusesToCopyMoreThanItsLimit() throws IOException {
        try (var archive = open(model("r/", "m"))) {
            var huge = new ArchiveEntry("r/huge", 0, (256L << 20) + 1, 0);
            assertRefused(archive.path(), () -> archive.bytes(huge), "\"r/huge\"", "too many");
        }
    }

    @Test
    void namesTheFileWhenUsedAfterClose() throws IOException {
        var archive = open(model("r/", "m"));
        var library = archive.model("m").library();
        archive.close();
        archive.close();
        for (Executable use :
                List.<Executable>of(
                        () -> archive.segment(library),
                        () -> archive.bytes(library),
                        () -> archive.text(library),
                        () -> archive.checkCrc(library))) {
            var failure = assertThrows(IllegalStateException.class, use);
            assertTrue(failure.getMessage().contains("package.pt2"), failure.getMessage());
        }
    }

    @Test
    void staysMappedWhileItIsHeld() throws IOException {
        var archive = open(model("r/", "m"));
        var library = archive.segment(archive.model("m").library());
        byte first = library.get(ValueLayout.JAVA_BYTE, 0);
        try (var _ = archive.hold()) {
            archive.close();
            assertEquals(first, library.get(ValueLayout.JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, archive::hold);
        }
        assertFalse(library.scope().isAlive());
    }

    @Test
    void leavesTheFileFreeWhenItRefuses() throws IOException {
        var path = write(likePyTorch().add("r/archive_format", "pt2"));
        assertRefused(path, () -> Pt2Archive.open(path), "no model");
        assertFalse(isMapped(path));
        try (var archive = Pt2Archive.open(write(model("r/", "m")))) {
            assertEquals(Files.exists(Path.of("/proc/self/maps")), isMapped(archive.path()));
        }
    }

    private static boolean isMapped(Path path) throws IOException {
        var maps = Path.of("/proc/self/maps");
        return Files.exists(maps) && Files.readString(maps).contains(path.toRealPath().toString());
    }

    private static TestZip model(String root, String name) {
        String base = root + "data/aotinductor/" + name + "/abc.wrapper";
        return likePyTorch().add(base + ".so", "library").add(base + ".cpp", "source");
    }

    private static TestZip markers(TestZip zip, String root) {
        return zip.add(root + "archive_format", "pt2")
                .add(root + "archive_version", "0")
                .add(root + "byteorder", "little");
    }

    private Path write(TestZip zip) throws IOException {
        return Files.write(folder.resolve("package.pt2"), zip.build());
    }

    private Pt2Archive open(TestZip zip) throws IOException {
        return Pt2Archive.open(write(zip));
    }

    private void assertNotOpened(TestZip zip, String... words) throws IOException {
        var path = write(zip);
        assertRefused(path, () -> Pt2Archive.open(path), words);
    }
}
