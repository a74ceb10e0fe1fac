package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.Refusals.assertRefused;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.aoti4j.core.Progress;
import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestZip;
import io.github.aoti4j.testing.Unpacked;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.TestTensors;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** Packages that somebody has unpacked. */
class FolderPackageTest {
    private static final String MODEL = "p/data/aotinductor/m/";

    @TempDir Path folder;

    @Test
    void opensAPackageWithItsRootFolderOrWithout() throws IOException {
        unpack(
                TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG)
                        .add("p/archive_format", "pt2"));
        for (Path path : List.of(folder, folder.resolve("p"))) {
            try (var archive = Pt2Archive.open(path);
                    var weights = archive.model("m").openWeights(_ -> false)) {
                assertEquals(path, archive.path());
                assertEquals(List.of("m"), archive.models());
                assertFalse(archive.isInMemory());
                assertEquals(Optional.empty(), archive.sha256(Progress.NONE));
                var library = archive.model("m").library();
                assertEquals("library", archive.text(library));
                assertEquals(
                        folder.resolve(MODEL).toRealPath().resolve("w.wrapper.so"),
                        archive.fileOf(library));
                assertTrue(archive.find("archive_format").isPresent());
                assertArrayEquals(
                        TestFiles.floats(6), TestTensors.dense(weights.find("a").orElseThrow()));
                assertArrayEquals(
                        new byte[] {7, 8, 9}, TestTensors.dense(weights.find("b.c").orElseThrow()));
            }
        }
    }

    @Test
    void opensABlobBesideTheLibrary() throws IOException {
        unpack(TestFiles.packageWithBlob());
        TensorSource weights;
        try (var archive = Pt2Archive.open(folder)) {
            weights = archive.model("m").openBlob(TestTensors.blobLayout(), _ -> false);
        }
        try (weights) {
            assertArrayEquals(
                    TestFiles.floats(6), TestTensors.dense(weights.find("a").orElseThrow()));
        }
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Test
    void opensABlobWithoutBytes() throws IOException {
        unpack(TestFiles.packageWithBlob());
        Files.write(folder.resolve(MODEL + "w.wrapper_weights.blob"), new byte[0]);
        try (var archive = Pt2Archive.open(folder);
                var weights = archive.model("m").openBlob(List.of(), _ -> false)) {
            assertEquals(List.of(), weights.names());
            assertEquals(0, archive.segment(archive.model("m").weightsBlob().get()).byteSize());
            assertRefused(
                    folder.toRealPath().resolve(MODEL + "w.wrapper_weights.blob"),
                    () -> archive.model("m").openBlob(TestTensors.blobLayout(), _ -> false),
                    "empty");
        }
    }

    @Test
    void findsModelsWhoseNamesBeginAlike() throws IOException {
        var zip = TestZip.likePyTorch();
        for (String model : List.of("m2", "m", "m/part", "m/part/of")) {
            zip.add("p/data/aotinductor/" + model + "/w.wrapper.so", model);
        }
        unpack(zip);
        try (var archive = Pt2Archive.open(folder)) {
            assertEquals(
                    List.of("m", "m/part", "m/part/of", "m2"),
                    archive.models().stream().sorted().toList());
            for (String model : archive.models()) {
                assertEquals(model, archive.text(archive.model(model).library()));
            }
            assertRefused(folder, () -> archive.model("m/pa"), "\"m/pa\"", "\"m/part\"");
        }
    }

    @Test
    void leavesAloneWhatLiesBeside() throws IOException {
        unpack(TestFiles.packageWithBlob());
        Files.writeString(folder.resolve("README.md"), "mine");
        Files.writeString(folder.resolve("p/notes.txt"), "mine");
        Files.createDirectories(folder.resolve("other/data"));
        try (var archive = Pt2Archive.open(folder)) {
            assertEquals(List.of("m"), archive.models());
            assertEquals(2, archive.entries().size());
        }
    }

    @Test
    void computesTheChecksumThatAFolderLacks() throws IOException {
        unpack(TestFiles.packageWithBlob());
        var crc = new CRC32();
        crc.update("library".getBytes(StandardCharsets.US_ASCII));
        try (var archive = Pt2Archive.open(folder)) {
            var library = archive.model("m").library();
            assertEquals(ArchiveEntry.NO_CRC, library.crc32());
            assertEquals(crc.getValue(), archive.crc32(library));
        }
    }

    @Test
    void refusesFoldersThatHoldNoPackageOrSeveral() throws IOException {
        assertRefused(folder, () -> Pt2Archive.open(folder), "no unpacked package", ".pt2");
        unpack(TestFiles.packageWithBlob());
        Files.createDirectories(folder.resolve("q/data/aotinductor/m"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "\"p/\", \"q/\"", "give the path");
        assertRefused(folder.resolve("q"), () -> Pt2Archive.open(folder.resolve("q")), "no model");
    }

    @Test
    void refusesAMarkerOfAnotherKind() throws IOException {
        unpack(TestFiles.packageWithBlob().add("p/byteorder", "big"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "p/byteorder", "\"big\"");
    }

    @Test
    void tellsWhichFileIsMissing() throws IOException {
        unpack(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        Files.delete(folder.resolve("p/data/weights/weight_1"));
        try (var archive = Pt2Archive.open(folder)) {
            assertRefused(
                    folder,
                    () -> archive.model("m").openWeights(_ -> false),
                    "\"b.c\"",
                    "data/weights/weight_1");
        }
        Files.delete(folder.resolve(MODEL + "w.wrapper.so"));
        try (var archive = Pt2Archive.open(folder)) {
            assertRefused(folder, () -> archive.model("m").library(), "no compiled library");
        }
    }

    @Test
    void refusesFilesThatChangedSinceItWasOpened() throws IOException {
        unpack(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        Path weight = folder.toRealPath().resolve("p/data/weights/weight_0");
        Path library = folder.toRealPath().resolve(MODEL + "w.wrapper.so");
        try (var archive = Pt2Archive.open(folder)) {
            Files.write(weight, new byte[100]);
            assertRefused(
                    weight,
                    () -> archive.model("m").openWeights(_ -> false),
                    "100 bytes",
                    "open it again");
            Files.delete(library);
            assertRefused(
                    library, () -> archive.crc32(archive.model("m").library()), "no such file");
        }
    }

    @Test
    void refusesWeightsThatAreCutOff() throws IOException {
        unpack(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        Path weight = folder.toRealPath().resolve("p/data/weights/weight_0");
        Files.write(weight, Arrays.copyOf(Files.readAllBytes(weight), 200));
        try (var archive = Pt2Archive.open(folder)) {
            assertRefused(weight, () -> archive.model("m").openWeights(_ -> false), "zip");
        }
    }

    @Test
    void followsLinksWithinTheFolder() throws IOException {
        unpack(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        Path weights = folder.resolve("p/data/weights");
        Files.move(weights.resolve("weight_0"), folder.resolve("stored"));
        Files.createSymbolicLink(weights.resolve("weight_0"), folder.resolve("stored"));
        Files.move(folder.resolve("p/data/aotinductor"), folder.resolve("models"));
        Files.createSymbolicLink(folder.resolve("p/data/aotinductor"), Path.of("../../models"));
        Path link = folder.resolveSibling(folder.getFileName() + "-link");
        Files.createSymbolicLink(link, folder);
        try (var archive = Pt2Archive.open(link);
                var source = archive.model("m").openWeights(_ -> false)) {
            assertEquals("library", archive.text(archive.model("m").library()));
            assertArrayEquals(
                    TestFiles.floats(6), TestTensors.dense(source.find("a").orElseThrow()));
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void refusesLinksThatLeadOutOfTheFolder(@TempDir Path outside) throws IOException {
        unpack(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG));
        for (String name : List.of("data/weights/weight_0", "data/weights", "data")) {
            Path moved = outside.resolve("moved");
            Path at = folder.resolve("p").resolve(name);
            Files.move(at, moved);
            Files.createSymbolicLink(at, moved);
            assertRefused(
                    folder,
                    () -> Pt2Archive.open(folder),
                    "\"p/" + name + "\"",
                    "out of the folder");
            Files.delete(at);
            Files.move(moved, at);
        }
        Files.move(folder.resolve("p"), outside.resolve("p"));
        Files.createSymbolicLink(folder.resolve("p"), outside.resolve("p"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "\"p\"", "out of the folder");
        Files.delete(folder.resolve("p"));
        Files.createSymbolicLink(folder.resolve("p"), Path.of(".."));
        assertRefused(folder, () -> Pt2Archive.open(folder), "no unpacked package");
        Files.delete(folder.resolve("p"));
    }

    @Test
    @Tag("slow")
    void refusesLinksThatMakeManyFoldersOfAFew() throws IOException {
        unpack(TestFiles.packageWithBlob());
        Path data = folder.resolve("p/data");
        // Wide, and not deep: the system follows each link of a path every time.
        for (int i = 0; i < 6; i++) {
            Path here = Files.createDirectory(data.resolve("f" + i));
            for (int link = 0; i > 0 && link < 12; link++) {
                Files.createSymbolicLink(here.resolve("l" + link), data.resolve("f" + (i - 1)));
            }
        }
        assertRefused(folder, () -> Pt2Archive.open(folder), "more than 100000 files and folders");
    }

    @Test
    void refusesLinksThatLeadNowhereOrInCircles() throws IOException {
        unpack(TestFiles.packageWithBlob());
        Path link = folder.resolve("p/data/weight");
        Files.createSymbolicLink(link, folder.resolve("gone"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "\"p/data/weight\"", "not there");
        Files.delete(link);
        Files.createSymbolicLink(link, folder.resolve("p/data"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "\"p/data/weight\"");
    }

    @Test
    void findsNoWeightsOutsideOfItsFolder() throws IOException {
        Files.write(folder.resolve("secret"), TestFiles.torchSave());
        for (String file :
                List.of(
                        "../../../secret",
                        "../weights/weight_0",
                        "./weight_0",
                        folder.resolve("secret").toString())) {
            unpack(TestFiles.packageWithWeights("{\"a\": [\"" + file + "\", [1], [1], 0]}"));
            try (var archive = Pt2Archive.open(folder)) {
                assertRefused(
                        folder,
                        () -> archive.model("m").openWeights(_ -> false),
                        file,
                        "does not have");
            }
        }
    }

    @Test
    void refusesNamesThatAZipMayNotHaveEither() throws IOException {
        unpack(TestFiles.packageWithBlob());
        Path odd = folder.resolve("p/data/we\nird");
        Files.writeString(odd, "");
        assertRefused(folder, () -> Pt2Archive.open(folder), "control character");
        Files.move(odd, folder.resolve("p/data/we\\ird"));
        assertRefused(folder, () -> Pt2Archive.open(folder), "backslash");
    }

    @Test
    void refusesWhatCannotBeRead() throws IOException {
        assumeFalse(System.getProperty("user.name").equals("root"), "root may read everything");
        unpack(TestFiles.packageWithBlob());
        Path models = folder.resolve("p/data/aotinductor/m");
        Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("---------"));
        try {
            assertRefused(folder, () -> Pt2Archive.open(folder), "cannot be read");
        } finally {
            Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void handsNothingOutAfterClose() throws IOException {
        unpack(TestFiles.packageWithBlob());
        var archive = Pt2Archive.open(folder);
        var library = archive.model("m").library();
        var segment = archive.segment(library);
        assertEquals('l', segment.get(ValueLayout.JAVA_BYTE, 0));
        archive.close();
        archive.close();
        assertEquals(folder, archive.path());
        assertThrows(IllegalStateException.class, () -> archive.segment(library));
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Test
    void staysMappedWhileItIsHeld() throws IOException {
        unpack(TestFiles.packageWithBlob());
        var archive = Pt2Archive.open(folder);
        var library = archive.segment(archive.model("m").library());
        var first = archive.hold();
        try (var _ = archive.hold()) {
            first.close();
            first.close();
            archive.close();
            assertEquals('l', library.get(ValueLayout.JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, archive::hold);
        }
        assertFalse(library.scope().isAlive());
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    private void unpack(TestZip zip) throws IOException {
        Path packed = Files.write(folder.resolve("p.zip"), zip.build());
        Unpacked.into(folder, packed);
        Files.delete(packed);
    }
}
