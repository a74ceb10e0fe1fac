package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.PackageException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Good files, damaged at random: each either opens and can be read to its last byte, or is refused
 * as what it is, and nothing else happens.
 *
 * <p>The seed is fixed, so that a build passes or fails whenever it is run. To look further, for
 * minutes or hours: {@code mvn test -pl weights -am -Dtest=MutationTest
 * -Dsurefire.failIfNoSpecifiedTests=false -Djqwik.tries.default=1000000}.
 */
@StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
class MutationTest {
    private static final String SEED = "20261120";

    private static Path folder;

    /** Opens a file and reads all of it. */
    private interface Reading {
        void all(Path path) throws IOException;
    }

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("mutants");
    }

    @AfterContainer
    static void removeFolder() throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @AfterProperty
    void nothingIsLeftInUse() throws IOException {
        assertEquals(0, TestFiles.uses(folder.toString()));
    }

    @Provide
    Arbitrary<List<Mutation>> damage() {
        return Mutation.some();
    }

    @Property(seed = SEED)
    void packages(@ForAll("damage") List<Mutation> damage, @ForAll @IntRange(max = 3) int which)
            throws IOException {
        byte[] good =
                switch (which) {
                    case 0 -> likeToday();
                    case 1 -> likeEarlier();
                    case 2 -> withForeignEntries();
                    default -> TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG).build();
                };
        openOrRefuse("mutant.pt2", Mutation.apply(damage, good), MutationTest::readPackage);
    }

    @Property(seed = SEED)
    void configurationsOfWeights(@ForAll("damage") List<Mutation> damage) throws IOException {
        byte[] config = Mutation.apply(damage, TestFiles.WEIGHTS_CONFIG.getBytes(UTF_8));
        byte[] zip = TestFiles.packageWithWeights(config).build();
        openOrRefuse("mutant.pt2", zip, MutationTest::readPackage);
    }

    @Property(seed = SEED)
    void safetensors(@ForAll("damage") List<Mutation> damage, @ForAll boolean small)
            throws IOException {
        byte[] good = small ? smallSafetensors() : safetensors();
        openOrRefuse(
                "mutant.safetensors", Mutation.apply(damage, good), MutationTest::readSafetensors);
    }

    @Property(seed = SEED)
    void indexesOfShards(@ForAll("damage") List<Mutation> damage) throws IOException {
        byte[] good = Files.readAllBytes(TestFiles.sharded(folder));
        openOrRefuse("mutant.json", Mutation.apply(damage, good), MutationTest::readSource);
    }

    @Property(seed = SEED)
    void filesOfTorchSave(@ForAll("damage") List<Mutation> damage) throws IOException {
        byte[] good = TestFiles.torchSave();
        openOrRefuse("mutant.pt", Mutation.apply(damage, good), MutationTest::readSource);
    }

    @Property(seed = SEED)
    void pickles(@ForAll("damage") List<Mutation> damage) throws IOException {
        byte[] pickle = Mutation.apply(damage, pickle());
        byte[] zip = TestFiles.torchSave(pickle, Map.of("0", TestFiles.floats(12)));
        openOrRefuse("mutant.pt", zip, MutationTest::readSource);
    }

    @Provide
    Arbitrary<BlobTensor> constant() {
        var huge = Arbitraries.of(-1L, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE);
        var sizes = mostly(Arbitraries.longs().between(0, 4), huge);
        var arrays = sizes.array(long[].class).ofSize(1);
        var bytes = mostly(Arbitraries.just(64L), Arbitraries.of(0L, 128L, -64L));
        return Combinators.combine(
                        Arbitraries.strings().numeric().ofLength(2),
                        Arbitraries.of(DType.values()),
                        arrays,
                        mostly(arrays, sizes.array(long[].class).ofMaxSize(3)),
                        sizes,
                        bytes)
                .as(BlobTensor::new);
    }

    private static <T> Arbitrary<T> mostly(Arbitrary<T> often, Arbitrary<T> seldom) {
        return Arbitraries.frequencyOf(Tuple.of(9, often), Tuple.of(1, seldom));
    }

    @Property(seed = SEED)
    void layoutsOfBlobs(@ForAll @Size(2) List<@From("constant") BlobTensor> layout)
            throws IOException {
        openOrRefuse(
                "mutant.blob",
                TestFiles.blob(),
                path -> {
                    try (var source = TensorSource.openBlob(path, layout)) {
                        readAll(source);
                    }
                });
    }

    private static void openOrRefuse(String name, byte[] bytes, Reading reading)
            throws IOException {
        var path = folder.resolve(name);
        // Cutting a file short and writing it again, some file systems put it on the disk at once.
        Files.deleteIfExists(path);
        Files.write(path, bytes);
        boolean opened;
        try {
            reading.all(path);
            opened = true;
        } catch (PackageException e) {
            // A shard may be at fault that has another name, in the same folder.
            assertTrue(e.path().startsWith(folder), e.getMessage());
            assertTrue(e.getMessage().startsWith(e.path() + ": "), e.getMessage());
            opened = false;
        }
        Statistics.collect(opened);
        Statistics.coverage(
                coverage -> {
                    coverage.check(true).percentage(p -> p > 1);
                    coverage.check(false).percentage(p -> p > 1);
                });
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
                if (model.weightsConfig().isPresent()) {
                    try (var weights = model.openWeights()) {
                        readAll(weights);
                    }
                }
            }
            archive.entries().forEach(archive::checkCrc);
        }
    }

    private static void readSafetensors(Path path) {
        try (var file = SafetensorsFile.open(path)) {
            for (String name : file.names()) {
                var entry = file.entry(name);
                long elements = Arrays.stream(entry.shape()).reduce(1, Math::multiplyExact);
                assertEquals(elements * entry.dtype().byteSize(), entry.byteSize());
                touch(file.segment(name));
            }
            readAll(file);
        }
    }

    private static void readSource(Path path) {
        try (var source = TensorSource.open(path)) {
            readAll(source);
        }
    }

    private static void readAll(TensorSource source) {
        for (String name : source.names()) {
            touch(source.find(name).orElseThrow().segment());
        }
    }

    private static void touch(MemorySegment segment) {
        if (segment.byteSize() > 0) {
            segment.get(ValueLayout.JAVA_BYTE, 0);
            segment.get(ValueLayout.JAVA_BYTE, segment.byteSize() - 1);
        }
    }

    /** Every kind of value that torch.save writes. */
    private static byte[] pickle() {
        return TestPickle.protocol2()
                .orderedDict()
                .op('q')
                .op(0)
                .op('(')
                .text("w")
                .floats("0", 12, 2, new long[] {2, 3}, new long[] {1, 3})
                .text("u")
                .v3(DType.UINT16, "0", 48, new long[] {4, 2}, new long[] {2, 1})
                .text("p")
                .global("torch._utils", "_rebuild_parameter")
                .tuple(p -> p.floats("0", 12).op(0x88).orderedDict())
                .op('R')
                .text("steps")
                .op(']')
                .number(3)
                .op('a')
                .op('u')
                .items(d -> d.text("_metadata").items(m -> m.text("version").number(70000)))
                .op('b')
                .stop();
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

    private byte[] smallSafetensors() throws IOException {
        var path = folder.resolve("small.safetensors");
        SafetensorsWriter.write(
                path, Map.of("t", new TensorData(DType.UINT8, new long[] {9}, bytes(9))));
        return Files.readAllBytes(path);
    }

    private static MemorySegment bytes(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }
}
