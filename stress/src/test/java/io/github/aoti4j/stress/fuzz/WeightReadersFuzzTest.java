package io.github.aoti4j.stress.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.weights.files.SafetensorsFuzz;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.pt2.Blob;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.safetensors.ShardIndex;
import io.github.aoti4j.weights.torchsave.TorchArchive;
import io.github.aoti4j.weights.zip.ZipIndex;

import org.junit.jupiter.api.AfterAll;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Attacks the readers of packages and of weight files. */
public class WeightReadersFuzzTest extends FuzzedReaders {
    private static final String NAME = "fuzzed-";
    private static final Path FOLDER = folder();
    private static final Path SHARDS = FOLDER.resolve("shards");

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory(NAME);
            TestFiles.sharded(Files.createDirectory(folder.resolve("shards")));
            Runtime.getRuntime().addShutdownHook(new Thread(WeightReadersFuzzTest::removeFolder));
            return folder;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void removeFolder() {
        try {
            FuzzedFolder.remove(FOLDER);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterAll
    static void nothingIsLeftInUse() throws IOException {
        assertEquals(0, TestFiles.uses(NAME));
    }

    @Override
    protected List<FuzzTarget> targets() {
        return List.of(
                FuzzTarget.of("zip", FuzzSeeds::zips, WeightReadersFuzzTest::zip)
                        .words("PK\1\2", "PK\3\4", "PK\5\6", "PK\6\6", "PK\6\7", "PK\7\b"),
                FuzzTarget.of("package", FuzzSeeds::packages, WeightReadersFuzzTest::pt2)
                        .words("data/aotinductor/", ".wrapper.so", "_metadata.json", "../", "\0"),
                FuzzTarget.of("folder", FuzzedFolder::seeds, WeightReadersFuzzTest::unpacked),
                FuzzTarget.of("metadata", FuzzSeeds::metadata, input -> Json.stringMap(input))
                        .refusing(Json.FormException.class)
                        .words("\"", "{", "}", "[", ":", ",", "\\u0000", "1e999999999"),
                FuzzTarget.of(
                                "weights_config",
                                FuzzSeeds::weightsConfigs,
                                WeightReadersFuzzTest::config)
                        .words("[", "]", "\"weight_0\"", "9223372036854775807", "1e9", "-1"),
                FuzzTarget.of(
                                "safetensors",
                                FuzzSeeds::safetensors,
                                WeightReadersFuzzTest::safetensors)
                        .words("\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"F4\"", "[0,0]"),
                FuzzTarget.of(
                                "shard_index",
                                WeightReadersFuzzTest::indexes,
                                WeightReadersFuzzTest::shards)
                        .words("\"weight_map\"", "one.safetensors", "../", "/", "\\u0000", "./"),
                FuzzTarget.of(
                        "torch_save", FuzzSeeds::torchSaves, WeightReadersFuzzTest::torchSave),
                FuzzTarget.of("pickle", FuzzSeeds::pickles, WeightReadersFuzzTest::pickle)
                        .words("ctorch\nFloatStorage\n", "storage", "\u0094", "h\0", "t", "R"),
                FuzzTarget.of("blob", FuzzedBlob::seeds, WeightReadersFuzzTest::blob));
    }

    private static void zip(byte[] input) {
        var zip = ZipIndex.read(MemorySegment.ofArray(input), FOLDER, "");
        for (var entry : zip.entries()) {
            assertEquals(entry.size(), zip.segment(entry).byteSize());
            zip.checkCrc(entry);
        }
    }

    private static void pt2(byte[] input) {
        Readings.of(
                input, FOLDER.resolve("p.pt2"), file -> Readings.archive(Pt2Archive.open(file)));
    }

    private static void unpacked(byte[] input) throws IOException {
        var folder = FOLDER.resolve("unpacked");
        FuzzedFolder.make(folder, input);
        Readings.archive(Pt2Archive.open(folder));
    }

    private static void config(byte[] input) {
        pt2(TestFiles.packageWithWeights(input).build());
    }

    private static void safetensors(byte[] input) {
        Readings.of(
                input,
                FOLDER.resolve("f.safetensors"),
                file -> Readings.safetensors(SafetensorsFuzz.open(file)));
    }

    private static List<byte[]> indexes() throws IOException {
        return List.of(Files.readAllBytes(SHARDS.resolve(TestFiles.INDEX)));
    }

    private static void shards(byte[] input) {
        Readings.of(
                input,
                SHARDS.resolve("i.json"),
                file -> Readings.tensors(file.handTo(ShardIndex::of)));
    }

    private static void torchSave(byte[] input) {
        Readings.of(
                input,
                FOLDER.resolve("s.pt"),
                file -> Readings.tensors(file.handTo(TorchArchive::open)));
    }

    private static void pickle(byte[] input) {
        torchSave(
                TestFiles.torchSave(
                        input,
                        Map.of("0", TestFiles.floats(12), "1", new byte[100], "2", new byte[9])));
    }

    private static void blob(byte[] input) {
        Readings.of(
                TestFiles.blob(),
                FOLDER.resolve("w.blob"),
                file -> Readings.tensors(file.handTo(f -> Blob.open(f, FuzzedBlob.layout(input)))));
    }
}
