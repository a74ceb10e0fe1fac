package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.testing.TestZip;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Files made to cost more than their size, of which fuzzing does not make the like: large ones. */
class CostlyFilesTest {
    private static final int MANY = 70_000;
    private static final int MILLION = 1_000_000;

    private final WeightReadersFuzzTest readers = new WeightReadersFuzzTest();

    private void attack(String reader, String text) {
        readers.attack(reader, text.getBytes(UTF_8));
    }

    @Test
    void moreEntriesThanSixteenBitsCount() {
        var zip = new TestZip();
        for (int i = 0; i < MANY; i++) {
            zip.add("f/" + i, "");
        }
        byte[] bytes =
                zip.end(end -> end.zip64 = true)
                        .end(end -> end.count = 0xFFFF)
                        .end(end -> end.countOnDisk = 0xFFFF)
                        .build();
        readers.attack("zip", bytes);
        readers.attack("package", bytes);
    }

    @Test
    void librariesOfWhichNoneIsTheWrapper() {
        var zip = TestZip.likePyTorch();
        for (int i = 0; i < 20_000; i++) {
            zip.add("p/data/aotinductor/m/" + i + ".so", "");
        }
        readers.attack("package", zip.build());
    }

    @Test
    void modelsWithoutNumber() {
        var zip = TestZip.likePyTorch();
        for (int i = 0; i < 20_000; i++) {
            zip.add("p/data/aotinductor/" + i + "/m.wrapper.so", "");
        }
        readers.attack("package", zip.build());
    }

    @Test
    void jsonNestedToNoEnd() {
        String deep = "[".repeat(MILLION);
        for (String reader : new String[] {"metadata", "weights_config", "shard_index"}) {
            attack(reader, deep);
            attack(reader, "{\"a\":".repeat(MILLION / 5));
        }
        attack("metadata", "{\"a\":" + deep);
        attack("shard_index", "{\"metadata\":" + deep);
    }

    @Test
    void numbersAndStringsWithoutEnd() {
        String digits = "9".repeat(MILLION);
        attack("weights_config", "{\"a\": [\"weight_0\", [" + digits + "], [1], 0]}");
        attack("weights_config", "{\"a\": [\"weight_0\", [1e" + digits + "], [1], 0]}");
        attack("metadata", "{\"a\": \"" + digits + "\"}");
        attack("metadata", "{\"" + digits + "\": \"a\"}");
        attack("shard_index", "{\"weight_map\": {\"a\": \"" + digits + "\"}}");
    }

    @Test
    void weightsThatAreManyViewsOfOneFile() {
        attack(
                "weights_config",
                IntStream.range(0, MANY)
                        .mapToObj(i -> "\"" + i + "\": [\"weight_0\", [2, 3], [3, 1], 0]")
                        .collect(Collectors.joining(", ", "{", "}")));
    }

    @Test
    void picklesOfLayers() {
        readers.attack("pickle", filled(0x85)); // tuples of one
        readers.attack("pickle", filled('(')); // marks
        readers.attack("pickle", filled('}')); // dictionaries
        readers.attack("pickle", filled(0x94)); // notes of one value
    }

    private static byte[] filled(int opcode) {
        var pickle = TestPickle.protocol2().op('N');
        for (int i = 0; i < MILLION; i++) {
            pickle.op(opcode);
        }
        return pickle.stop();
    }

    @Test
    void dictionariesThatHoldTheNextOneTwice() {
        var pickle = TestPickle.protocol2().op('}').text("w").floats("0", 1).op('s');
        for (int i = 0; i < 60; i++) {
            pickle.op('q').op(0);
            pickle.op('}').text("a").op('h').op(0).op('s').text("b").op('h').op(0).op('s');
        }
        readers.attack("pickle", pickle.stop());
    }

    @Test
    void aStorageWithALongNameForManyTensors() {
        String key = "k".repeat(60_000);
        long[] one = {1};
        var pickle = TestPickle.protocol2().op('}').text("first");
        pickle.v2(t -> t.storage("FloatStorage", key, 1).op('q').op(1).view(0, one, one)).op('s');
        for (int i = 0; i < 5000; i++) {
            pickle.text("w" + i).v2(t -> t.op('h').op(1).view(0, one, one)).op('s');
        }
        readers.attack(
                "torch_save", TestFiles.torchSave(pickle.stop(), Map.of(key, TestFiles.floats(1))));
    }
}
