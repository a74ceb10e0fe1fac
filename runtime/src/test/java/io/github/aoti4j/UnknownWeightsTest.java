package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;
import io.github.aoti4j.weights.files.WeightFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Weights whose names a model does not have are never passed over without a word. */
@NeedsLibTorch
@OnBothEngines
class UnknownWeightsTest {
    private static final String MLP = "weights_mlp";

    @TempDir private Path folder;

    private final List<Path> written = new ArrayList<>();

    private static Path file(String model, String name) {
        return Fixture.of(model).folder().resolve(name);
    }

    private Path write(Map<String, TensorData> tensors) {
        Path path = folder.resolve(written.size() + ".safetensors");
        written.add(path);
        SafetensorsWriter.write(path, tensors);
        return path;
    }

    /** The weights of a file under other names, and what is added to them. */
    private Path renamed(Path from, Function<String, String> rename, String... added) {
        try (TensorSource source = WeightFiles.open(from);
                Arena arena = Arena.ofConfined()) {
            Map<String, TensorData> tensors = new LinkedHashMap<>();
            for (String name : source.names()) {
                StoredTensor t = source.find(name).orElseThrow();
                tensors.put(rename.apply(name), new TensorData(t.dtype(), t.shape(), t.segment()));
            }
            for (String name : added) {
                Tensor t = Tensor.zeros(arena, DType.FLOAT32, 3, 3);
                tensors.put(name, new TensorData(t.dtype(), t.shape(), t.segment()));
            }
            return write(tensors);
        }
    }

    private static String refused(Path model, ModelOptions options) {
        return assertThrows(IncompatibleModelException.class, () -> Model.load(model, options))
                .getMessage();
    }

    private static String refused(Path model, Path weights) {
        return refused(model, ModelOptions.defaults().weights(weights));
    }

    private static String refusedUpdate(Path model, Path weights) {
        try (Model loaded = Model.load(model)) {
            return assertThrows(
                            IncompatibleModelException.class,
                            () -> loaded.constants().update(weights))
                    .getMessage();
        }
    }

    private static void assertContains(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), () -> part + " is not in: " + message);
        }
    }

    /** The whole state dict of the model: its last bias is in the code, where none replaces it. */
    private Path wholeStateDict(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Map<String, TensorData> tensors = new LinkedHashMap<>();
            for (ConstantInfo constant : model.constants().list()) {
                Tensor t = model.constants().read(arena, constant.fqn());
                tensors.put(constant.fqn(), new TensorData(t.dtype(), t.shape(), t.segment()));
            }
            assertFalse(tensors.containsKey("2.bias"), "it is inlined");
            Tensor bias = Tensor.of(arena, new float[] {7}, 1);
            tensors.put("2.bias", new TensorData(bias.dtype(), bias.shape(), bias.segment()));
            return write(tensors);
        }
    }

    @Test
    void refusesABiasThatIsWrittenIntoTheCode() {
        try (Model model = Fixture.of("mlp").load()) {
            Path weights = wholeStateDict(model);
            String message = refused(Fixture.of("mlp").path(), weights);
            assertContains(
                    message,
                    weights + ": 1 name that the model does not have: 2.bias (float32 [1])",
                    "up to eight elements",
                    "probably 2.bias",
                    "\"always_keep_tensor_constants\": True",
                    "ModelOptions.allowUnknownWeights",
                    "--allow-unknown");
            assertEquals(
                    message.lines().skip(1).toList(),
                    refusedUpdate(Fixture.of("mlp").path(), weights).lines().skip(1).toList());
        }
    }

    @Test
    void passesOverWhatIsAllowedWithOneWarning() {
        Fixture fixture = Fixture.of("mlp");
        Path weights;
        try (Model model = fixture.load()) {
            weights = wholeStateDict(model);
        }
        ModelOptions allowed = ModelOptions.defaults().allowUnknownWeights(true);
        List<String> warnings = new ArrayList<>();
        Handler handler = new Collector(warnings);
        Logger logger = Logger.getLogger("io.github.aoti4j");
        logger.addHandler(handler);
        try (Model model = Model.load(fixture.path(), allowed.weights(weights));
                Arena arena = Arena.ofConfined()) {
            assertEquals(1, warnings.size(), warnings::toString);
            assertContains(warnings.getFirst(), "passed over", "2.bias", "always_keep");
            model.constants().update(weights);
            assertEquals(2, warnings.size(), warnings::toString);
            Golden.assertMatches(
                    fixture.outputs("batch8", arena),
                    model.run(arena, fixture.inputs("batch8", model, arena)));
        } finally {
            logger.removeHandler(handler);
        }
    }

    private static final class Collector extends Handler {
        private final List<String> messages;

        Collector(List<String> messages) {
            this.messages = messages;
        }

        @Override
        public void publish(LogRecord event) {
            if (event.getMessage().contains("does not have")) {
                messages.add(event.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Exported with always_keep_tensor_constants, as in the README. */
    @Test
    void replacesASmallBiasThatIsKept() {
        Fixture fixture = Fixture.of("small_constants");
        try (Model model = Model.load(file("small_constants", "in_so.pt2"));
                TensorSource other =
                        WeightFiles.open(file("small_constants", "weights_other.safetensors"));
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = fixture.inputs("batch3", model, arena);
            float[] expected = fixture.outputs("batch3.other", arena).getFirst().toFloatArray();
            for (String name : List.of("encode.weight", "encode.bias", "decode.weight", "scale")) {
                model.constants().update(single(other, name));
            }
            float[] withOldBias = model.run(arena, inputs).getFirst().toFloatArray();
            assertTrue(Math.abs(withOldBias[0] - expected[0]) > 1e-3);
            model.constants().update(single(other, "decode.bias"));
            assertArrayEquals(expected, model.run(arena, inputs).getFirst().toFloatArray(), 1e-5f);
        }
    }

    private Path single(TensorSource from, String name) {
        StoredTensor t = from.find(name).orElseThrow();
        return write(Map.of(name, new TensorData(t.dtype(), t.shape(), t.segment())));
    }

    @Test
    void namesAPrefixThatOnlyTheFileHas() {
        for (String prefix : List.of("module.", "model.", "_orig_mod.", "a.b.")) {
            Path weights = renamed(file(MLP, "weights_other.safetensors"), name -> prefix + name);
            for (String packaging : List.of("in_so", "none")) {
                String message = refused(file(MLP, packaging + ".pt2"), weights);
                assertContains(
                        message,
                        "begin with \"" + prefix + "\"",
                        "removeprefix(\"" + prefix + "\")",
                        "none of the names is one of the model's");
                assertFalse(message.contains("allowUnknownWeights"), message);
            }
            assertContains(
                    refusedUpdate(file(MLP, "in_so.pt2"), weights),
                    "begin with \"" + prefix + "\"");
        }
    }

    @Test
    void namesAPrefixThatOnlyTheModelHas() {
        Path weights =
                renamed(file(MLP, "weights_other.safetensors"), n -> n.replace("decode.", ""));
        String message = refused(file(MLP, "in_so.pt2"), weights);
        assertContains(message, "the model's names begin with \"decode.\"", weights.toString());
    }

    @Test
    void namesTheOtherNameOfTiedWeights() {
        // Of two names safetensors files have the first, PyTorch's compiler the last.
        Path weights = file("tied", "weights_other.safetensors");
        assertContains(
                refusedUpdate(file("tied", "in_so.pt2"), weights),
                "embed.weight",
                "head.weight, which the files do not have, has the dtype and shape of embed.weight",
                "save them as head.weight");
    }

    @Test
    void listsTheFirstOfMany() {
        String[] many = new String[50];
        for (int i = 0; i < many.length; i++) {
            many[i] = "stranger%02d".formatted(i);
        }
        many[0] = "a\u001b[2J" + "x".repeat(5000);
        Path weights = renamed(file(MLP, "weights.safetensors"), name -> name, many);
        String message = refused(file(MLP, "in_so.pt2"), weights);
        assertContains(
                message,
                ": 50 names that the model does not have: ",
                "a\\u001b[2Jxxx",
                "stranger19",
                "and 30 more");
        assertFalse(message.contains("stranger20"), message);
        assertTrue(message.length() < 3000, message);
        assertFalse(message.contains("inlining"), "a matrix cannot be inlined");
    }

    @Test
    void passesOverWhatOnlyTrainingReads() {
        Path weights =
                renamed(
                        file(MLP, "weights.safetensors"),
                        name -> name,
                        "norm.num_batches_tracked",
                        "num_batches_tracked");
        try (Model model =
                Model.load(file(MLP, "none.pt2"), ModelOptions.defaults().weights(weights))) {
            model.constants().update(weights);
        }
    }

    @Test
    void refusesWeightsForAModelThatHasNone() {
        Path weights = file(MLP, "weights.safetensors");
        assertContains(refused(Fixture.of("add_one").path(), weights), "encode.weight");
    }

    /** One file for all models of a package: each has names that the others do not have. */
    @Test
    void servesSeveralModelsFromOneFile() {
        Path all = write(stateOf("several", "all_blob.pt2", "m2"));
        Path more = renamed(all, name -> name, "decoder.weight");
        ModelOptions options = ModelOptions.defaults().allowUnknownWeights(true).weights(more);
        try (ModelPackage several = ModelPackage.open(file("several", "all_blob.pt2"));
                Arena arena = Arena.ofConfined()) {
            for (String name : several.models()) {
                try (Model model = several.load(options.model(name))) {
                    List<Tensor> inputs = Fixture.of("several").inputs("m", model, arena);
                    Golden.assertMatches(
                            Fixture.of("several").outputs(name.replace('/', '_'), arena),
                            model.run(arena, inputs));
                    assertThrows(
                            IncompatibleModelException.class,
                            () -> several.load(options.model(name).allowUnknownWeights(false)));
                }
            }
        }
    }

    private Map<String, TensorData> stateOf(String fixture, String pt2, String name) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        Arena arena = Arena.ofAuto();
        try (Model model = Model.load(file(fixture, pt2), ModelOptions.defaults().model(name))) {
            for (ConstantInfo constant : model.constants().list()) {
                Tensor t = model.constants().read(arena, constant.fqn()).copy(arena);
                tensors.put(constant.fqn(), new TensorData(t.dtype(), t.shape(), t.segment()));
            }
        }
        return tensors;
    }

    @Test
    void refusesAnUpdateOfNothing() {
        try (Model model = Model.load(file(MLP, "in_so.pt2"))) {
            assertThrows(IllegalArgumentException.class, () -> model.constants().update());
            Map<String, Tensor> none = Map.of();
            assertThrows(IllegalArgumentException.class, () -> model.constants().update(none));
        }
        Path empty = folder.resolve("empty.safetensors");
        SafetensorsWriter.write(empty, Map.of());
        try (SafetensorsFile file = SafetensorsFile.open(empty)) {
            assertEquals(List.of(), file.names());
        }
        assertContains(refusedUpdate(file(MLP, "in_so.pt2"), empty), "none of the names in");
    }
}
