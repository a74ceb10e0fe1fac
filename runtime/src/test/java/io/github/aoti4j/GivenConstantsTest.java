package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.WeightFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Constants are replaced by tensors of the caller. */
@NeedsLibTorch
@OnBothEngines
class GivenConstantsTest {
    private static final String MLP = "weights_mlp";

    private static Path file(String model, String name) {
        return Fixture.of(model).folder().resolve(name);
    }

    /** Copies of a file's tensors, laid out as they are there, that the model knows. */
    private static Map<String, Tensor> read(Path path, Model model, Arena arena) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (TensorSource source = WeightFiles.open(path)) {
            for (ConstantInfo constant : model.constants().list()) {
                if (source.find(constant.fqn()).isPresent()) {
                    StoredTensor t = source.find(constant.fqn()).get();
                    Tensor mapped = Tensor.wrap(t.segment(), t.dtype(), t.shape(), t.strides());
                    boolean spread = Arrays.stream(t.strides()).noneMatch(s -> s == 0);
                    tensors.put(
                            constant.fqn(),
                            spread && t.shape().length > 0
                                    ? mapped.copyWithStrides(arena, t.strides())
                                    : mapped.copy(arena));
                }
            }
        }
        return tensors;
    }

    @ParameterizedTest
    @CsvSource({
        "weights_mlp, in_so, 1",
        "weights_mlp, blob, 2",
        "runtime_folding, in_so, 2",
        "runtime_folding, blob, 1",
        "mixed_dtypes, blob, 1",
        "strided_weight, in_so, 1",
        "strided_weight, disk, 2",
        "small_constants, in_so, 1",
        "odd_constants, in_so, 1",
        "returns_weight, blob, 2",
        "tied, blob, 1"
    })
    void areCopiedBeforeTheirArenaIsClosed(String model, String packaging, int runners) {
        Fixture fixture = Fixture.of(model);
        String c = fixture.cases().getFirst();
        ModelOptions options = ModelOptions.defaults().runners(runners);
        try (Model loaded = Model.load(file(model, packaging + ".pt2"), options);
                Arena arena = Arena.ofConfined()) {
            for (String suffix : List.of("_other", "")) {
                try (Arena own = Arena.ofConfined()) {
                    Map<String, Tensor> given =
                            read(file(model, "weights" + suffix + ".pt"), loaded, own);
                    loaded.constants().update(given);
                    given.values().forEach(tensor -> tensor.segment().fill((byte) -1));
                }
                Golden.assertMatches(
                        fixture.outputs(c + suffix.replace('_', '.'), arena),
                        loaded.run(arena, fixture.inputs(c, loaded, arena)));
            }
        }
    }

    @Test
    void replaceOnlyWhatTheyName() {
        try (Model model = Model.load(file(MLP, "in_so.pt2"));
                Arena arena = Arena.ofConfined()) {
            float[] weight =
                    model.constants().read(arena, "decode.weight").copy(arena).toFloatArray();
            float[] bias = new float[10];
            Arrays.fill(bias, 3);
            model.constants().update(Map.of("decode.bias", Tensor.of(arena, bias, 10)));
            assertArrayEquals(bias, model.constants().read(arena, "decode.bias").toFloatArray());
            assertArrayEquals(
                    weight, model.constants().read(arena, "decode.weight").toFloatArray());
        }
    }

    /** What is read is read-only, and lies in another model's memory. */
    @Test
    void mayBeAnotherModelsConstants() {
        Fixture fixture = Fixture.of(MLP);
        ModelOptions other = ModelOptions.defaults().weights(file(MLP, "weights_other.pt"));
        try (Model to = Model.load(file(MLP, "in_so.pt2"));
                Arena arena = Arena.ofConfined()) {
            try (Model from = Model.load(file(MLP, "blob.pt2"), other);
                    Arena read = Arena.ofConfined()) {
                Map<String, Tensor> constants = new LinkedHashMap<>();
                for (ConstantInfo constant : from.constants().list()) {
                    constants.put(constant.fqn(), from.constants().read(read, constant.fqn()));
                }
                to.constants().update(constants);
            }
            Golden.assertMatches(
                    fixture.outputs("batch3.other", arena),
                    to.run(arena, fixture.inputs("batch3", to, arena)));
        }
    }

    @Test
    void areRefusedAsAWhole() throws Exception {
        Fixture fixture = Fixture.of(MLP);
        Arena closed = Arena.ofShared();
        Tensor gone = Tensor.zeros(closed, DType.FLOAT32, 10);
        closed.close();
        try (Model model = Model.load(file(MLP, "in_so.pt2"));
                Arena arena = Arena.ofConfined();
                Arena shared = Arena.ofShared()) {
            Constants constants = model.constants();
            Tensor good = Tensor.zeros(arena, DType.FLOAT32, 16, 12);
            Tensor wide = Tensor.zeros(arena, DType.FLOAT32, 10, 1);
            Tensor wrong = Tensor.zeros(arena, DType.FLOAT64, 10);
            Tensor fine = Tensor.zeros(arena, DType.FLOAT32, 10);
            String name = "encode.weight";
            assertRefused(constants, Map.of(name, good, "decode.bias", wide), "decode.bias must");
            assertRefused(constants, Map.of(name, good, "decode.bias", wrong), "is float64");
            assertRefused(
                    constants,
                    Map.of(name, good, "module.decode.bias", fine),
                    "the given tensors: 1 name",
                    "begin with \"module.\"");
            assertRefused(constants, Map.of("stranger", fine), "none of the names");
            assertThrows(
                    IllegalStateException.class,
                    () -> constants.update(Map.of(name, good, "decode.bias", gone)));
            Map<String, Tensor> holed = new LinkedHashMap<>(Map.of(name, good));
            holed.put("decode.bias", null);
            assertThrows(NullPointerException.class, () -> constants.update(holed));
            Throwable[] thrown = new Throwable[1];
            Thread thread =
                    new Thread(
                            () ->
                                    thrown[0] =
                                            assertThrows(
                                                    WrongThreadException.class,
                                                    () -> constants.update(Map.of(name, good))));
            thread.start();
            thread.join();
            assertTrue(thrown[0] != null, "the other thread's update was not refused");
            Golden.assertMatches(
                    fixture.outputs("batch3", shared),
                    model.run(shared, fixture.inputs("batch3", model, shared)));
        }
    }

    private static void assertRefused(
            Constants constants, Map<String, Tensor> tensors, String... parts) {
        var e = assertThrows(IncompatibleModelException.class, () -> constants.update(tensors));
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), e::getMessage);
        }
    }
}
