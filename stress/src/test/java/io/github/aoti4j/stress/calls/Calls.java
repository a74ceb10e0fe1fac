package io.github.aoti4j.stress.calls;

import static io.github.aoti4j.stress.calls.Outcomes.prepared;

import io.github.aoti4j.Arguments;
import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.GuardedModel;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelCache;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.stress.calls.FuzzState.Bound;
import io.github.aoti4j.stress.calls.FuzzState.Loaded;
import io.github.aoti4j.stress.calls.FuzzState.Made;
import io.github.aoti4j.stress.calls.FuzzState.Owned;
import io.github.aoti4j.stress.calls.Outcomes.Wrong;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.WeightFiles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Makes each kind of call, on what the state holds or on what is made for it. */
final class Calls {
    private final FuzzState world;
    private final CheckedRuns runs;
    private final Consumer<Step> nested;

    /** Calls on a state; an operator makes its own calls through the consumer. */
    Calls(FuzzState world, Consumer<Step> nested) {
        this.world = world;
        this.runs = new CheckedRuns(world);
        this.nested = nested;
    }

    void act(Action action, SplittableRandom random) {
        switch (action) {
            case LOAD -> world.load(random);
            case CLOSE -> model(random).model.close();
            case NEW_ARENA -> world.newArena(random);
            case CLOSE_ARENA -> world.closeArena(random);
            case ZEROS, ODD_ZEROS -> zeros(action == Action.ODD_ZEROS, random);
            case OF_ARRAY -> {
                long[] shape = {random.nextInt(20), random.nextInt(20)};
                float[] values = FuzzState.values(shape, random);
                shape[0] += random.nextInt(8) == 0 ? 1 : 0;
                world.add(Tensor.of(world.arena(random).arena(), values, shape), values);
            }
            case WRAP -> wrap(random);
            case COPY -> {
                Made made = tensor(random);
                if (made.tensor.elementCount() < 1 << 20) {
                    world.add(made.tensor.copy(world.arena(random).arena()), made.expected);
                }
            }
            case COPY_WITH_STRIDES -> copyWithStrides(random);
            case READ -> read(tensor(random));
            case READ_LONGS -> tensor(random).tensor.toLongArray();
            case RUN -> run(model(random), random);
            case RUN_ANYTHING -> {
                Loaded loaded = model(random);
                runs.run(loaded, world.arena(random), anything(random).toArray(Tensor[]::new));
            }
            case ACCEPTS -> model(random).model.accepts(anything(random).toArray(Tensor[]::new));
            case STRIDES_FOR -> {
                List<long[]> shapes = new ArrayList<>();
                for (int i = random.nextInt(6); i >= 0; i--) {
                    shapes.add(FuzzState.oddShape(random));
                }
                model(random).model.stridesFor(shapes);
            }
            case CALL -> {
                Loaded loaded = model(random);
                runs.call(loaded, fitting(loaded, random), random);
            }
            case CALL_ANYTHING -> {
                Object[] arguments = {
                    1, "x", null, List.of(), Map.of("a", 1), tensor(random).tensor, new Object[1]
                };
                Object[] some = new Object[random.nextInt(4)];
                for (int i = 0; i < some.length; i++) {
                    some[i] = arguments[random.nextInt(arguments.length)];
                }
                model(random).model.call(world.arena(random).arena(), Arguments.of(some));
            }
            case CALL_SPEC -> model(random).model.callSpec().describe();
            case NEW_RUNNER -> newRunner(random);
            case BIND -> {
                Bound bound = runner(random);
                if (bound != null) {
                    List<Tensor> tensors = anything(random);
                    tensors.addAll(fitting(bound.loaded(), random));
                    int index = random.nextInt(bound.runner().inputCount());
                    bound.runner().bind(index, FuzzState.pick(tensors, random));
                }
            }
            case ALLOCATE -> {
                Bound bound = runner(random);
                if (bound != null) {
                    int index = random.nextInt(bound.runner().inputCount());
                    long[] shape =
                            random.nextInt(3) == 0
                                    ? FuzzState.oddShape(random)
                                    : bound.loaded().subject.shapes(random)[index];
                    Tensor made = bound.runner().allocate(index, shape);
                    world.written(made.segment());
                    MemorySegment.copy(
                            MemorySegment.ofArray(FuzzState.values(shape, random)),
                            0,
                            made.segment(),
                            0,
                            made.segment().byteSize());
                }
            }
            case RUN_RUNNER -> {
                Bound bound = runner(random);
                if (bound != null) {
                    runs.runRunner(bound);
                }
            }
            case INPUT -> {
                Bound bound = runner(random);
                if (bound != null) {
                    world.add(bound.runner().input(random.nextInt(-1, 6)), null);
                }
            }
            case OUTPUT -> {
                Bound bound = afterRun(random);
                if (bound != null) {
                    world.add(bound.runner().output(random.nextInt(-1, 4)), null);
                }
            }
            case COPY_OUTPUT -> {
                Bound bound = afterRun(random);
                if (bound != null) {
                    long bytes = 4L * random.nextInt(400);
                    MemorySegment target = odd(bytes, random);
                    bound.runner().copyOutput(random.nextInt(-1, 4), target);
                }
            }
            case CLOSE_RUNNER -> {
                Bound bound = runner(random);
                if (bound != null) {
                    bound.runner().close();
                }
            }
            case LIST_CONSTANTS -> model(random).model.constants().list();
            case READ_CONSTANT -> {
                Model model = model(random).model;
                List<ConstantInfo> all = prepared("Constants.list", () -> model.constants().list());
                String name =
                        all == null || all.isEmpty() || random.nextInt(8) == 0
                                ? "none"
                                : FuzzState.pick(all, random).fqn();
                world.add(model.constants().read(world.arena(random).arena(), name), null);
            }
            case UPDATE, UPDATE_TENSORS -> update(action == Action.UPDATE_TENSORS, random);
            case OPEN -> {
                Path path =
                        switch (random.nextInt(4)) {
                            case 0 -> FuzzState.VARIANTS;
                            case 1 -> FuzzState.WEIGHTS_A;
                            case 2 -> Path.of("there", "is none");
                            default -> Subject.ADD_ONE.path();
                        };
                world.add(world.packages, ModelPackage.open(path));
            }
            case OPEN_BYTES -> openBytes(random);
            case DESCRIBE -> {
                ModelPackage opened = opened(random);
                opened.describe(random.nextBoolean() ? "model" : opened.models().getFirst());
            }
            case LOAD_FROM_PACKAGE -> {
                ModelPackage opened = opened(random);
                ModelOptions options =
                        ModelOptions.defaults().engine(Subject.ADD_ONE.engine(random));
                if (random.nextBoolean()) {
                    options = options.model(random.nextBoolean() ? "model" : "other");
                }
                Model loaded = opened.load(options);
                if (loaded.inputs().getFirst().fixedShape().isPresent()
                        && loaded.inputs().getFirst().fixedShape().get()[0] == 8) {
                    world.add(world.models, new Loaded(Subject.ADD_ONE, loaded));
                } else {
                    loaded.close();
                }
            }
            case CLOSE_PACKAGE -> opened(random).close();
            case RUN_GUARDED, MATCH, CALL_GUARDED -> guarded(action, random);
            case CLOSE_GUARDED -> guardedModel(random).close();
            case OPERATOR_DOES -> {
                Action[] all = Action.values();
                Action inside = all[random.nextInt(all.length)];
                int seed = random.nextInt();
                world.inOperator.set(
                        () -> nested.accept(new Step(inside, Step.How.SAME_THREAD, seed)));
            }
            case OPERATOR_ERRS -> world.wrongResult.set(random.split());
            case MANY_RUN -> runs.manyRun(model(random), random);
            case LOOK_AT_CACHE -> ModelCache.ofProcess().entries();
            case OTHER_COPY -> OtherCopy.work(random);
        }
    }

    private Loaded model(SplittableRandom random) {
        return prepared("Model.load", () -> world.model(random));
    }

    private List<Tensor> fitting(Loaded loaded, SplittableRandom random) {
        return prepared("Tensor.of", () -> world.fitting(loaded.subject, random));
    }

    private MemorySegment odd(long bytes, SplittableRandom random) {
        return prepared("", () -> FuzzState.odd(world.arena(random).arena(), bytes, random));
    }

    private Made tensor(SplittableRandom random) {
        Made made = FuzzState.pick(world.tensors, random);
        if (made == null) {
            long[] shape = {3, 4};
            float[] values = FuzzState.values(shape, random);
            made = world.add(Tensor.of(Arena.ofAuto(), values, shape), values);
        }
        return made;
    }

    private Bound runner(SplittableRandom random) {
        Bound bound = FuzzState.pick(world.runners, random);
        if (bound == null) {
            prepared(
                    "Model.newRunner",
                    () -> {
                        newRunner(random);
                        return null;
                    });
            bound = FuzzState.pick(world.runners, random);
        }
        return bound;
    }

    /** One that has outputs, more often than not. */
    private Bound afterRun(SplittableRandom random) {
        Bound bound = runner(random);
        if (bound != null && random.nextInt(4) > 0) {
            prepared(
                    "Runner.run",
                    () -> {
                        runs.runRunner(bound);
                        return null;
                    });
        }
        return bound;
    }

    private void newRunner(SplittableRandom random) {
        Loaded loaded = model(random);
        Runner runner =
                random.nextBoolean()
                        ? loaded.model.newRunner()
                        : loaded.model.newRunner(fitting(loaded, random).toArray(Tensor[]::new));
        Bound bound = new Bound(loaded, runner, Thread.currentThread());
        if (world.runners.size() < 10) {
            world.runners.add(bound);
        } else {
            runner.close();
        }
    }

    private ModelPackage opened(SplittableRandom random) {
        ModelPackage opened = FuzzState.pick(world.packages, random);
        return opened == null
                ? prepared(
                        "ModelPackage.open",
                        () -> world.add(world.packages, ModelPackage.open(Subject.ADD_ONE.path())))
                : opened;
    }

    private GuardedModel guardedModel(SplittableRandom random) {
        GuardedModel guarded = FuzzState.pick(world.guarded, random);
        return guarded == null
                ? prepared(
                        "GuardedModel.load",
                        () -> world.add(world.guarded, GuardedModel.load(FuzzState.VARIANTS)))
                : guarded;
    }

    private List<Tensor> anything(SplittableRandom random) {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            tensors.add(tensor(random).tensor);
        }
        return tensors;
    }

    private void zeros(boolean odd, SplittableRandom random) {
        DType[] types = DType.values();
        DType dtype = random.nextInt(3) == 0 ? types[random.nextInt(types.length)] : DType.FLOAT32;
        long[] shape =
                odd
                        ? FuzzState.oddShape(random)
                        : FuzzState.pick(List.of(Subject.values()), random).shapes(random)[0];
        Tensor tensor = Tensor.zeros(world.arena(random).arena(), dtype, shape);
        boolean known = dtype == DType.FLOAT32 && tensor.elementCount() < 1 << 16;
        world.add(tensor, known ? new float[(int) tensor.elementCount()] : null);
    }

    private void wrap(SplittableRandom random) {
        long[] shape =
                random.nextBoolean()
                        ? FuzzState.oddShape(random)
                        : FuzzState.pick(List.of(Subject.values()), random).shapes(random)[0];
        MemorySegment memory = odd(4L * random.nextInt(2000), random);
        Tensor tensor;
        if (random.nextBoolean()) {
            tensor = Tensor.wrap(memory, DType.FLOAT32, shape);
        } else {
            long[] strides = new long[random.nextInt(8) == 0 ? random.nextInt(10) : shape.length];
            for (int i = 0; i < strides.length; i++) {
                strides[i] = random.nextInt(10) == 0 ? random.nextLong() : random.nextInt(-1, 12);
            }
            tensor = Tensor.wrap(memory, DType.FLOAT32, shape, strides);
        }
        world.add(tensor, null);
    }

    private void copyWithStrides(SplittableRandom random) {
        Tensor tensor = tensor(random).tensor;
        if (tensor.elementCount() < 1 << 20) {
            long[] strides = tensor.strides();
            for (int i = 0; i < strides.length; i++) {
                strides[i] += random.nextInt(4) == 0 ? random.nextInt(-1, 5) : 0;
            }
            world.add(tensor.copyWithStrides(world.arena(random).arena(), strides), null);
        }
    }

    private void read(Made made) {
        float[] expected = made.expected;
        float[] values = made.tensor.toFloatArray();
        if (expected != null && made.expected != null && !world.concurrent) {
            List<String> differences = Subject.differences(List.of(expected), List.of(values));
            if (!differences.isEmpty()) {
                throw new Wrong("an old tensor has changed: " + differences, null);
            }
        }
    }

    private void run(Loaded loaded, SplittableRandom random) {
        List<Tensor> inputs = fitting(loaded, random);
        runs.run(loaded, world.arena(random), inputs.toArray(Tensor[]::new));
    }

    private void update(boolean byTensors, SplittableRandom random) {
        Loaded loaded = model(random);
        Path file =
                switch (random.nextInt(6)) {
                    case 0 -> FuzzState.WEIGHTS_A;
                    case 1 -> Subject.ADD_ONE.path();
                    case 2 -> Path.of("there", "is none");
                    default -> FuzzState.WEIGHTS_B;
                };
        boolean a = file.equals(FuzzState.WEIGHTS_A);
        loaded.mayBePackaged |= a;
        loaded.mayBeUpdated |= file.equals(FuzzState.WEIGHTS_B);
        if (byTensors) {
            try (TensorSource source = WeightFiles.open(file)) {
                loaded.model.constants().update(tensors(source));
            }
        } else {
            loaded.model.constants().update(file);
        }
        if (!world.concurrent && loaded.subject == Subject.WEIGHTS) {
            loaded.mayBePackaged = a;
            loaded.mayBeUpdated = !a;
        }
    }

    private static Map<String, Tensor> tensors(TensorSource source) {
        Map<String, Tensor> tensors = new HashMap<>();
        for (String name : source.names()) {
            StoredTensor t = source.find(name).orElseThrow();
            tensors.put(name, Tensor.wrap(t.segment(), t.dtype(), t.shape(), t.strides()));
        }
        return tensors;
    }

    private void openBytes(SplittableRandom random) {
        try {
            byte[] bytes = Files.readAllBytes(Subject.ADD_ONE.path());
            int length = random.nextInt(3) == 0 ? random.nextInt(bytes.length) : bytes.length;
            world.add(
                    world.packages,
                    ModelPackage.open(MemorySegment.ofArray(bytes).asSlice(0, length)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void guarded(Action action, SplittableRandom random) {
        GuardedModel guarded = guardedModel(random);
        Tensor input;
        if (random.nextInt(3) == 0) {
            input = tensor(random).tensor;
        } else {
            long[] shape = {random.nextInt(1, 300), 12};
            input = Tensor.of(Arena.ofAuto(), FuzzState.values(shape, random), shape);
        }
        Owned arena = world.arena(random);
        switch (action) {
            case RUN_GUARDED -> world.add(guarded.run(arena.arena(), input).getFirst(), null);
            case MATCH -> guarded.match(input);
            default -> guarded.call(arena.arena(), input);
        }
    }
}
