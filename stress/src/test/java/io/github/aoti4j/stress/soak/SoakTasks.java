package io.github.aoti4j.stress.soak;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.DemoOperators;
import io.github.aoti4j.EngineUnderTest;
import io.github.aoti4j.Fixture;
import io.github.aoti4j.Golden;
import io.github.aoti4j.GuardedModel;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.OperatorCall;
import io.github.aoti4j.OperatorLibrary;
import io.github.aoti4j.RecordedCall;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.InvalidInputException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/** What the threads of a {@link Soak} do, each checking its answers; and models for all of them. */
final class SoakTasks implements AutoCloseable {
    private static final Fixture SWAPPED = Fixture.of("weights_mlp");

    /** Without {@code appended}: PyTorch's code maps weights behind a library and never unmaps. */
    private static final List<String> PACKAGINGS = List.of("in_so", "blob", "disk");

    private static final Fixture SEVERAL = Fixture.of("several");
    private static final Fixture VARIANTS = Fixture.of("variants");
    private static final Fixture OPERATOR = Fixture.of("custom_scale_add");
    private static final int BATCH = 50;

    /** What an operator of this thread is to throw, if anything. */
    private static final ThreadLocal<RuntimeException> FAILURE = new ThreadLocal<>();

    final LongAdder runs = new LongAdder();
    final LongAdder loads = new LongAdder();
    final LongAdder swaps = new LongAdder();
    final LongAdder refusals = new LongAdder();

    /** Its operators are called with five strings; one is longer than 15 characters. */
    private static final Fixture STRINGS = Fixture.of("proxy_linalg");

    /**
     * Bytes that code of PyTorch's has leaked, with what {@code malloc} adds: the dispatcher's C
     * function leaks a copy of each string that it is given ({@code
     * stable/stableivalue_conversions.h}, up to 2.14): 48 bytes, and its characters if it is longer
     * than 15.
     */
    final LongAdder leakedByPyTorch = new LongAdder();

    private final List<Fixture> fixtures =
            Fixture.all().stream().filter(fixture -> !fixture.cases().isEmpty()).toList();

    private final OperatorLibrary operators = DemoOperators.open(SoakTasks::scaleAdd);
    private final GuardedModel guarded =
            GuardedModel.load(List.of(VARIANTS.folder().resolve("all.pt2")), twoRunners());

    /** Its constants are exchanged all the time. */
    private final Model swapped = load(SWAPPED.folder().resolve("blob.pt2"), twoRunners());

    /** Closed and replaced all the time. */
    private final AtomicReference<Model> replaced =
            new AtomicReference<>(load(Fixture.of("mlp").path(), twoRunners()));

    private final List<float[]> swappedAnswers = new ArrayList<>();

    /** One thing that a thread does. */
    interface Task {
        void run(Random random) throws Exception;
    }

    SoakTasks() {
        for (String suffix : List.of("", ".other")) {
            try (Arena arena = Arena.ofConfined()) {
                // To the last bit: an answer of mixed constants may be close to a right one.
                swapped.constants().update(weights(suffix));
                List<Tensor> inputs = SWAPPED.inputs("batch3", swapped, arena);
                List<Tensor> outputs = swapped.run(arena, inputs);
                Golden.assertMatches(SWAPPED.outputs("batch3" + suffix, arena), outputs);
                swappedAnswers.add(outputs.getFirst().toFloatArray());
            }
        }
    }

    List<Task> all() {
        return List.of(
                this::loadsRunsAndCloses,
                this::runsARunner,
                this::runsWhileConstantsAreSwapped,
                this::swapsConstants,
                this::runsWhileTheModelIsReplaced,
                this::replacesTheModel,
                this::choosesAVariant,
                this::loadsSeveralModels,
                this::loadsFromMemory,
                this::callsWithStructures,
                this::readsOutputsOfAClosedModel,
                this::failsInAnOperator,
                this::refuses,
                this::registersAnOperator);
    }

    private static ModelOptions twoRunners() {
        return ModelOptions.defaults().runners(2);
    }

    private static <T> T any(List<T> of, Random random) {
        return of.get(random.nextInt(of.size()));
    }

    private static Path weights(String suffix) {
        return SWAPPED.folder()
                .resolve(suffix.isEmpty() ? "weights.safetensors" : "weights_other.safetensors");
    }

    private Model load(Path path, ModelOptions options) {
        loads.increment();
        String fixture = path.getParent().getFileName().toString();
        boolean builtIn =
                !EngineUnderTest.needsLibTorch(fixture)
                        && ThreadLocalRandom.current().nextBoolean();
        return Model.load(path, options.engine(builtIn ? Engine.BUILT_IN : Engine.LIBTORCH));
    }

    private void noteRuns(Fixture fixture, int count) {
        runs.add(count);
        if (fixture.equals(STRINGS)) {
            leakedByPyTorch.add(count * (5L * 48 + 32));
        }
    }

    private void swap(Model model, Path weights) {
        model.constants().update(weights);
        swaps.increment();
    }

    private List<Tensor> run(Model model, Arena arena, List<Tensor> inputs) {
        List<Tensor> outputs = model.run(arena, inputs);
        runs.increment();
        return outputs;
    }

    private void loadsRunsAndCloses(Random random) {
        Fixture fixture = any(fixtures, random);
        ModelOptions options = ModelOptions.defaults().runners(1 + random.nextInt(2));
        try (Model model = load(fixture.path(), options);
                Arena arena = Arena.ofConfined()) {
            String name = any(fixture.cases(), random);
            List<Tensor> outputs = model.run(arena, fixture.inputs(name, model, arena));
            noteRuns(fixture, 1);
            Golden.assertMatches(fixture.outputs(name, arena), outputs);
        }
    }

    private void runsARunner(Random random) {
        Fixture fixture = any(fixtures, random);
        Model model = load(fixture.path(), ModelOptions.defaults());
        try (Arena arena = Arena.ofConfined();
                model) {
            String name = any(fixture.cases(), random);
            Tensor[] inputs = fixture.inputs(name, model, arena).toArray(Tensor[]::new);
            try (Runner runner = model.newRunner(inputs)) {
                runner.run();
                List<Tensor> outputs = new ArrayList<>();
                for (int i = 0; i < runner.outputCount(); i++) {
                    outputs.add(runner.output(i));
                }
                Golden.assertMatches(fixture.outputs(name, arena), outputs);
                // Some models change their inputs or themselves: these are not looked at.
                for (int i = 0; i < BATCH; i++) {
                    runner.run();
                }
                noteRuns(fixture, 1 + BATCH);
                model.close();
                assertThrows(IllegalStateException.class, runner::run);
                refusals.increment();
            }
        }
    }

    private void runsWhileConstantsAreSwapped(Random random) {
        try (Arena shared = Arena.ofConfined()) {
            List<Tensor> inputs = SWAPPED.inputs("batch3", swapped, shared);
            for (int i = 0; i < BATCH; i++) {
                try (Arena arena = Arena.ofConfined()) {
                    requireEither(run(swapped, arena, inputs).getFirst());
                }
            }
            try (Runner runner = swapped.newRunner(inputs.toArray(Tensor[]::new))) {
                for (int i = 0; i < BATCH; i++) {
                    runner.run();
                    runs.increment();
                    requireEither(runner.output(0));
                }
            }
        }
    }

    private void requireEither(Tensor output) {
        float[] answer = output.toFloatArray();
        assertTrue(
                swappedAnswers.stream().anyMatch(right -> Arrays.equals(right, answer)),
                "an answer of neither set of constants");
    }

    private void swapsConstants(Random random) {
        swap(swapped, weights(random.nextBoolean() ? "" : ".other"));
    }

    private void runsWhileTheModelIsReplaced(Random random) {
        Fixture fixture = Fixture.of("mlp");
        try (Arena arena = Arena.ofConfined()) {
            Model model = replaced.get();
            List<Tensor> inputs = fixture.inputs("batch8", model, arena);
            List<Tensor> expected = fixture.outputs("batch8", arena);
            for (int i = 0; i < BATCH; i++) {
                Golden.assertMatches(expected, run(model, arena, inputs));
            }
        } catch (IllegalStateException e) {
            assertTrue(e.getMessage().endsWith("is closed"), e::getMessage);
            refusals.increment();
        }
    }

    private void replacesTheModel(Random random) {
        replaced.getAndSet(load(Fixture.of("mlp").path(), twoRunners())).close();
    }

    private void choosesAVariant(Random random) {
        String name = any(List.of("f32_4", "f32_16", "f64_4", "f32_any200", "f32_any1"), random);
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = VARIANTS.inputs(name, guarded.variants().getFirst(), arena);
            Golden.assertMatches(VARIANTS.outputs(name, arena), guarded.run(arena, inputs));
            runs.increment();
        }
    }

    private void loadsSeveralModels(Random random) {
        Path path = SEVERAL.folder().resolve(any(List.of("all_disk", "all_blob"), random) + ".pt2");
        List<Model> models = new ArrayList<>();
        try {
            try (ModelPackage opened = ModelPackage.open(path)) {
                for (String name : List.of("m", "m2", "m/part")) {
                    models.add(opened.load(ModelOptions.defaults().model(name)));
                    loads.increment();
                }
            }
            for (Model model : models) {
                try (Arena arena = Arena.ofConfined()) {
                    String name = model.name().replace('/', '_');
                    List<Tensor> inputs = SEVERAL.inputs(name, model, arena);
                    Golden.assertMatches(SEVERAL.outputs(name, arena), run(model, arena, inputs));
                }
            }
        } finally {
            models.forEach(Model::close);
        }
    }

    private void loadsFromMemory(Random random) throws IOException {
        String packaging = any(PACKAGINGS, random);
        Path path = SWAPPED.folder().resolve(packaging + ".pt2");
        MemorySegment bytes = MemorySegment.ofArray(Files.readAllBytes(path));
        try (Model model = Model.load(bytes, ModelOptions.defaults());
                Arena arena = Arena.ofConfined()) {
            loads.increment();
            List<Tensor> inputs = SWAPPED.inputs("batch3", model, arena);
            Golden.assertMatches(SWAPPED.outputs("batch3", arena), run(model, arena, inputs));
        }
    }

    private void callsWithStructures(Random random) {
        try (Model model = load(Fixture.of("call_structures").path(), ModelOptions.defaults());
                Arena arena = Arena.ofConfined()) {
            var recorded = RecordedCall.read(Fixture.of("call_structures"), "ramps", arena);
            Golden.assertSameStructure(
                    "output", recorded.outputs(), model.call(arena, recorded.arguments()));
            runs.increment();
        }
    }

    private void readsOutputsOfAClosedModel(Random random) {
        Fixture fixture = Fixture.of("returns_weight");
        ModelOptions options = ModelOptions.defaults();
        try (Arena arena = Arena.ofConfined()) {
            Model model = load(fixture.folder().resolve("blob.pt2"), options);
            List<Tensor> outputs;
            try (model) {
                outputs = run(model, arena, fixture.inputs("random", model, arena));
                swap(model, fixture.folder().resolve("weights_other.pt"));
            }
            Golden.assertMatches(fixture.outputs("random", arena), outputs);
        }
    }

    private void failsInAnOperator(Random random) {
        try (Model model = load(OPERATOR.path(), ModelOptions.defaults());
                Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = OPERATOR.inputs("rows2", model, arena);
            var failure = new ArithmeticException("of ours");
            FAILURE.set(failure);
            try {
                assertSame(
                        failure,
                        assertThrows(ArithmeticException.class, () -> model.run(arena, inputs)));
                refusals.increment();
            } finally {
                FAILURE.remove();
            }
            Golden.assertMatches(OPERATOR.outputs("rows2", arena), run(model, arena, inputs));
        }
    }

    private static Object scaleAdd(OperatorCall call) {
        RuntimeException failure = FAILURE.get();
        if (failure != null) {
            throw failure;
        }
        return DemoOperators.scaleAdd(call);
    }

    private void refuses(Random random) {
        Fixture mlp = Fixture.of("mlp");
        assertThrows(AotiException.class, () -> Model.load(mlp.folder().resolve("absent.pt2")));
        assertThrows(AotiException.class, () -> Model.load(mlp.folder().resolve(SOME_TENSORS)));
        Path wrong = Fixture.of("returns_weight").folder().resolve("weights.pt");
        assertThrows(AotiException.class, () -> swapped.constants().update(wrong));
        try (Arena arena = Arena.ofConfined()) {
            Tensor tensor = Tensor.zeros(arena, DType.INT64, 3);
            assertThrows(InvalidInputException.class, () -> swapped.run(arena, tensor));
        }
        refusals.add(4);
    }

    private static final String SOME_TENSORS = "batch8.inputs.safetensors";

    /** Each thread has a name of its own. */
    private void registersAnOperator(Random random) {
        String schema =
                "soak::of_%d(Tensor x) -> Tensor".formatted(Thread.currentThread().threadId());
        try (OperatorLibrary library = OperatorLibrary.create()) {
            library.register(schema, call -> call.tensor("x"));
        }
    }

    @Override
    public void close() {
        replaced.get().close();
        swapped.close();
        guarded.close();
        operators.close();
    }
}
