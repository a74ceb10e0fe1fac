package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Packages that are no files. */
class MemoryPackageTest {
    private static final Fixture MLP = Fixture.of("mlp");
    private static final Fixture WEIGHTS = Fixture.of("weights_mlp");
    private static final ModelOptions DEFAULTS = ModelOptions.defaults();

    @ParameterizedTest
    @ValueSource(strings = {"in_so", "appended", "blob", "disk"})
    @NeedsLibTorch
    @OnBothEngines
    void runsAPackageInMemoryWhereverItsWeightsAre(String packaging) throws IOException {
        byte[] bytes = Files.readAllBytes(WEIGHTS.folder().resolve(packaging + ".pt2"));
        try (Model model = Model.load(MemorySegment.ofArray(bytes), DEFAULTS)) {
            assertAnswers(WEIGHTS, model);
        }
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void needsTheBytesNoMoreOnceItIsOpen() throws IOException {
        ModelPackage opened;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment bytes = nativeBytes(arena, MLP.path());
            opened = ModelPackage.open(bytes);
            bytes.fill((byte) 0);
        }
        Model model;
        try (opened) {
            assertTrue(opened.isInMemory());
            assertEquals(Path.of("<memory>"), opened.path());
            model = opened.load();
        }
        try (model) {
            assertAnswers(MLP, model);
        }
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void takesAnyKindOfSegment() throws IOException {
        byte[] bytes = Files.readAllBytes(MLP.path());
        long[] longs = new long[(bytes.length + 7) / 8];
        MemorySegment.copy(
                MemorySegment.ofArray(bytes), 0, MemorySegment.ofArray(longs), 0, bytes.length);
        try (Arena arena = Arena.ofConfined();
                var channel = FileChannel.open(MLP.path())) {
            for (MemorySegment segment :
                    List.of(
                            MemorySegment.ofArray(bytes).asReadOnly(),
                            MemorySegment.ofArray(longs).asSlice(0, bytes.length),
                            nativeBytes(arena, MLP.path()).asReadOnly(),
                            channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.length, arena))) {
                try (Model model = Model.load(segment, DEFAULTS)) {
                    assertAnswers(MLP, model);
                }
            }
        }
    }

    @Test
    @NeedsLibTorch
    @OnBothEngines
    void modelsOfOnePackageInMemoryDoNotSeeEachOthersWrites() throws IOException {
        byte[] bytes =
                Files.readAllBytes(Fixture.of("mutated_buffer").folder().resolve("blob.pt2"));
        Fixture fixture = Fixture.of("mutated_buffer");
        try (ModelPackage opened = ModelPackage.open(MemorySegment.ofArray(bytes));
                Model one = opened.load();
                Model other = opened.load();
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = fixture.inputs("ramp", one, arena);
            Golden.assertMatches(fixture.outputs("ramp", arena), one.run(arena, inputs));
            Golden.assertMatches(fixture.outputs("ramp.run2", arena), one.run(arena, inputs));
            Golden.assertMatches(fixture.outputs("ramp", arena), other.run(arena, inputs));
        }
    }

    @Test
    void namesMemoryAsTheCallerDoes() {
        MemorySegment noise = MemorySegment.ofArray(new byte[100]);
        var e = assertThrows(PackageException.class, () -> ModelPackage.open(noise));
        assertTrue(e.getMessage().startsWith("<memory>: "), e::getMessage);
        e =
                assertThrows(
                        PackageException.class,
                        () -> ModelPackage.open(noise, "s3://models/digits.pt2", DEFAULTS));
        assertTrue(e.getMessage().startsWith("s3:/models/digits.pt2: "), e::getMessage);
    }

    @Test
    void refusesWhatIsCutOff() throws IOException {
        byte[] bytes = Files.readAllBytes(MLP.path());
        for (int length : new int[] {1, bytes.length / 2, bytes.length - 1}) {
            var part = MemorySegment.ofArray(bytes).asSlice(0, length);
            assertThrows(PackageException.class, () -> ModelPackage.open(part));
        }
        var e =
                assertThrows(
                        PackageException.class,
                        () -> ModelPackage.open(MemorySegment.ofArray(new byte[0])));
        assertTrue(e.getMessage().contains("no bytes"), e::getMessage);
    }

    @Test
    void refusesSegmentsThatCannotBeRead() throws Exception {
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = nativeBytes(arena, MLP.path());
        }
        assertThrows(IllegalStateException.class, () -> ModelPackage.open(closed));
        assertThrows(IllegalStateException.class, () -> Model.load(closed, DEFAULTS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment confined = nativeBytes(arena, MLP.path());
            var thrown = new Throwable[1];
            Thread.ofPlatform()
                    .start(
                            () ->
                                    thrown[0] =
                                            assertThrows(
                                                    WrongThreadException.class,
                                                    () -> ModelPackage.open(confined)))
                    .join();
            assertTrue(thrown[0] instanceof WrongThreadException);
        }
        assertThrows(NullPointerException.class, () -> ModelPackage.open((MemorySegment) null));
    }

    @Test
    void isNotInMemoryWhenItIsAFile() {
        try (ModelPackage opened = ModelPackage.open(MLP.path())) {
            assertFalse(opened.isInMemory());
        }
    }

    private static MemorySegment nativeBytes(Arena arena, Path path) throws IOException {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, Files.readAllBytes(path));
    }

    private static void assertAnswers(Fixture fixture, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            for (String name : fixture.cases()) {
                Golden.assertMatches(
                        fixture.outputs(name, arena),
                        model.run(arena, fixture.inputs(name, model, arena)));
            }
        }
    }
}
