package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.PackageException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Good files, damaged at random from a fixed seed: each either opens and can be read to its last
 * byte, or is refused as what it is, and nothing else happens.
 */
class MutationTest {
    private static final int ROUNDS = 3000;
    private static final long[] NASTY = {
        0,
        1,
        0x7F,
        0x80,
        0xFF,
        0x7FFF,
        0xFFFF,
        0x7FFFFFFF,
        0x80000000L,
        0xFFFFFFFFL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1
    };

    @TempDir Path folder;

    /** Opens a file and reads all of it. */
    private interface Reading {
        void all(Path path);
    }

    @Test
    void damagedPackagesOpenOrAreRefused() throws IOException {
        var good = List.of(likeToday(), likeEarlier(), withForeignEntries());
        mutate(good, MutationTest::readPackage);
    }

    @Test
    void damagedSafetensorsOpenOrAreRefused() throws IOException {
        mutate(List.of(safetensors(), shortSafetensors()), MutationTest::readSafetensors);
    }

    private void mutate(List<byte[]> good, Reading reading) throws IOException {
        var path = folder.resolve("mutant");
        for (byte[] bytes : good) {
            reading.all(Files.write(path, bytes));
        }
        var random = new Random(20261120);
        int opened = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] mutant = mutant(good, random);
            Files.write(path, mutant);
            try {
                reading.all(path);
                opened++;
            } catch (PackageException e) {
                assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
            } catch (RuntimeException | Error e) {
                throw new AssertionError("round " + round + " of " + mutant.length + " bytes", e);
            }
        }
        assertTrue(opened > ROUNDS / 100, "hardly any mutant opened: " + opened);
        assertTrue(opened < ROUNDS * 9 / 10, "hardly any mutant was refused: " + opened);
    }

    private static byte[] mutant(List<byte[]> good, Random random) {
        byte[] bytes = good.get(random.nextInt(good.size())).clone();
        for (int changes = 1 + random.nextInt(3); changes > 0 && bytes.length > 8; changes--) {
            int at = random.nextInt(bytes.length - 8);
            var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            long nasty = NASTY[random.nextInt(NASTY.length)];
            switch (random.nextInt(9)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> buffer.putShort(at, (short) nasty);
                case 3 -> buffer.putInt(at, (int) nasty);
                case 4 -> buffer.putLong(at, nasty);
                case 5 -> bytes = Arrays.copyOf(bytes, at + 1);
                case 6 -> bytes = splice(bytes, at, bytes, at + random.nextInt(8));
                case 7 -> {
                    byte[] other = good.get(random.nextInt(good.size()));
                    bytes = splice(bytes, at, other, random.nextInt(other.length));
                }
                // A digit for a digit: in JSON most other changes end in the parser.
                default -> {
                    while (at < bytes.length && !(bytes[at] >= '0' && bytes[at] <= '9')) {
                        at++;
                    }
                    if (at < bytes.length) {
                        bytes[at] = (byte) ('0' + random.nextInt(10));
                    }
                }
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] head, int headEnd, byte[] tail, int tailStart) {
        var out = new ByteArrayOutputStream();
        out.write(head, 0, headEnd);
        out.write(tail, tailStart, tail.length - tailStart);
        return out.size() == 0 ? new byte[1] : out.toByteArray();
    }

    private static void readPackage(Path path) {
        try (var archive = Pt2Archive.open(path)) {
            for (var entry : archive.entries()) {
                touch(archive.segment(entry));
            }
            for (String name : archive.models()) {
                var model = archive.model(name);
                touch(archive.segment(model.library()));
                model.metadata();
                model.wrapperSource().ifPresent(archive::text);
                model.weightsBlob().ifPresent(archive::bytes);
            }
            archive.entries().forEach(archive::checkCrc);
        }
    }

    private static void readSafetensors(Path path) {
        try (var file = SafetensorsFile.open(path)) {
            for (String name : file.names()) {
                var entry = file.entry(name);
                long elements = Arrays.stream(entry.shape()).reduce(1, Math::multiplyExact);
                assertTrue(elements * entry.dtype().byteSize() == entry.byteSize());
                touch(file.segment(name));
            }
        }
    }

    private static void touch(MemorySegment segment) {
        if (segment.byteSize() > 0) {
            segment.get(ValueLayout.JAVA_BYTE, 0);
            segment.get(ValueLayout.JAVA_BYTE, segment.byteSize() - 1);
        }
    }

    private static byte[] likeToday() {
        String model = "m/data/aotinductor/model/w.wrapper";
        return TestZip.likePyTorch()
                .add(model + ".cpp", "int main() {}")
                .add(model + "_metadata.json", "{\"AOTI_DEVICE_KEY\": \"cpu\"}")
                .add(model + ".so", "not really a library")
                .add(model + "_weights.blob", "0123456789")
                .add("m/archive_format", "pt2")
                .add("m/archive_version", "0")
                .add("m/byteorder", "little")
                .build();
    }

    private static byte[] likeEarlier() {
        return new TestZip()
                .add("version", "0")
                .add("archive_format", "pt2")
                .add("data/aotinductor/model/abc.so", "library")
                .add("data/aotinductor/model/abc_metadata.json", "{}")
                .build();
    }

    private static byte[] withForeignEntries() {
        return TestZip.likePyTorch()
                .add("r/", "")
                .add("r/data/aotinductor/a/b.so", "library", e -> e.zip64 = true)
                .add("r/x", "y", e -> e.described(TestZip.Descriptor.LONG))
                .end(end -> end.comment = "a comment")
                .build();
    }

    private byte[] safetensors() throws IOException {
        var tensors = new LinkedHashMap<String, TensorData>();
        tensors.put("a", new TensorData(DType.FLOAT32, new long[] {2, 3}, bytes(24)));
        tensors.put("b", new TensorData(DType.UINT8, new long[] {5}, bytes(5)));
        tensors.put("c", new TensorData(DType.INT64, new long[] {}, bytes(8)));
        tensors.put("d", new TensorData(DType.FLOAT4_E2M1FN_X2, new long[] {2}, bytes(2)));
        tensors.put("e", new TensorData(DType.BFLOAT16, new long[] {0, 7}, bytes(0)));
        var path = folder.resolve("good.safetensors");
        SafetensorsWriter.write(path, tensors, Map.of("format", "pt"));
        return Files.readAllBytes(path);
    }

    private byte[] shortSafetensors() throws IOException {
        var path = folder.resolve("short.safetensors");
        SafetensorsWriter.write(
                path, Map.of("t", new TensorData(DType.UINT8, new long[] {9}, bytes(9))));
        return Files.readAllBytes(path);
    }

    private static MemorySegment bytes(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }
}
