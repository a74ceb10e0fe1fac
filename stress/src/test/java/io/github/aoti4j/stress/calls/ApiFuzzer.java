package io.github.aoti4j.stress.calls;

import io.github.aoti4j.Arguments;
import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.GuardedModel;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelCache;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.stress.calls.FuzzState.Bound;
import io.github.aoti4j.stress.calls.FuzzState.Loaded;
import io.github.aoti4j.stress.calls.FuzzState.Made;
import io.github.aoti4j.stress.calls.FuzzState.Owned;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.WeightFiles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Makes calls and judges what comes of each: a right answer, or an exception that the method's
 * Javadoc lists.
 */
final class ApiFuzzer {
    /** The name of threads near the end of their stack. */
    private static final String DEEP = "deep";

    private final FuzzState world = new FuzzState();
    private final List<Action> answered = new CopyOnWriteArrayList<>();

    /** A call that another thread makes meanwhile. */
    private FutureTask<Void> alongside;

    /** Tells something that must not happen. */
    private static final class Wrong extends AssertionError {
        private static final long serialVersionUID = 1;

        Wrong(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** What a call was to be made on could not be made, for a reason that is documented. */
    private static final class Unprepared extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unprepared(Throwable cause) {
            super(cause);
        }
    }

    private ApiFuzzer() {}

    /** Makes calls one after the other, and cleans up; gives what was answered and not refused. */
    static List<Action> run(List<Step> steps) throws Exception {
        var attack = new ApiFuzzer();
        try {
            for (Step step : steps) {
                attack.make(step);
            }
        } finally {
            attack.join();
            attack.world.close();
        }
        return List.copyOf(attack.answered);
    }

    private void make(Step step) throws Exception {
        switch (step.how()) {
            case SAME_THREAD -> callUninterrupted(step);
            case INTERRUPTED -> {
                Thread.currentThread().interrupt();
                call(step);
                if (!Thread.interrupted()) {
                    throw new Wrong(step + " swallowed an interrupt", null);
                }
            }
            case DEEP -> get(startDeep(step));
            case OTHER_THREAD -> get(start(step, Thread.ofPlatform()));
            case VIRTUAL -> get(start(step, Thread.ofVirtual()));
            case FOREIGN -> get(startWithClosedLoader(step));
            case CONCURRENT -> {
                join();
                world.concurrent = true;
                alongside =
                        start(
                                step,
                                step.seed() % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform());
                return;
            }
        }
        join();
    }

    private FutureTask<Void> startWithClosedLoader(Step step) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        var closed = new URLClassLoader(new URL[0], null);
        closed.close();
        // The new thread inherits it.
        thread.setContextClassLoader(closed);
        try {
            return start(step, Thread.ofPlatform());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private FutureTask<Void> start(Step step, Thread.Builder threads) {
        var task =
                new FutureTask<Void>(
                        () -> {
                            callUninterrupted(step);
                            return null;
                        });
        threads.start(task);
        return task;
    }

    /** Starts a thread that calls where it has 130 to 200 KiB of stack left. */
    private FutureTask<Void> startDeep(Step step) {
        long left = (130 + Math.floorMod(step.seed(), 70)) * 1024L;
        var task =
                new FutureTask<Void>(
                        () -> {
                            descend(step, left);
                            return null;
                        });
        Thread.ofPlatform().name(DEEP).start(task);
        return task;
    }

    private void descend(Step step, long left) {
        if (StackGuard.left() > left) {
            descend(step, left);
        } else {
            callUninterrupted(step);
        }
    }

    private void join() throws Exception {
        FutureTask<Void> other = alongside;
        alongside = null;
        if (other != null) {
            get(other);
            world.concurrent = false;
        }
    }

    private static void get(FutureTask<Void> task) throws Exception {
        try {
            task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Wrong wrong) {
                throw wrong;
            }
            throw e;
        }
    }

    /** Makes a call on a thread that nobody interrupts. */
    private void callUninterrupted(Step step) {
        int before = world.arenasClosed.get();
        boolean closing = world.arenasClosing.get() > 0;
        call(step);
        // The JVM may interrupt a thread whose memory another one closes. Where that is an arena of
        // the caller's, the library cannot help it; what it owns, it must not close under a thread.
        if (Thread.interrupted() && !closing && world.arenasClosed.get() == before) {
            throw new Wrong(step + " left an interrupt that nobody asked for", null);
        }
    }

    private void call(Step step) {
        try {
            act(step.action(), new SplittableRandom(step.seed()));
            answered.add(step.action());
        } catch (Wrong e) {
            throw e;
        } catch (Unprepared e) {
            // Another step's subject.
        } catch (Throwable e) {
            require(step.action().method(), e);
        }
    }

    private static boolean isOutOfStack(Throwable e) {
        return e instanceof StackOverflowError && Thread.currentThread().getName().equals(DEEP);
    }

    private static void require(String method, Throwable e) {
        if (isOutOfStack(e)) {
            // The package says so of all methods.
            return;
        }
        if (method.isEmpty()
                ? !(e instanceof IllegalStateException
                        || e instanceof WrongThreadException
                        || e instanceof UnsupportedOperationException)
                : !Documented.allows(method, e)) {
            throw new Wrong(method + " does not say that it throws " + e, e);
        }
    }

    /** Makes what the step's call needs; failing is documented elsewhere. */
    private static <T> T prepared(String method, Callable<T> preparation) {
        try {
            return preparation.call();
        } catch (Wrong | Unprepared e) {
            throw e;
        } catch (Throwable e) {
            require(method, e);
            throw new Unprepared(e);
        }
    }

    private void act(Action action, SplittableRandom random) {
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
                run(loaded, world.arena(random), anything(random).toArray(Tensor[]::new));
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
                call(loaded, fitting(loaded, random), random);
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
                    runRunner(bound);
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
                ModelOptions options = ModelOptions.defaults();
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
                world.inOperator.set(() -> call(new Step(inside, Step.How.SAME_THREAD, seed)));
            }
            case OPERATOR_ERRS -> world.wrongResult.set(random.split());
            case MANY_RUN -> manyRun(random);
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
                        runRunner(bound);
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
        run(loaded, world.arena(random), inputs.toArray(Tensor[]::new));
    }

    private void run(Loaded loaded, Owned arena, Tensor... inputs) {
        boolean operatorIsQuiet = world.inOperator.get() == null && world.wrongResult.get() == null;
        boolean fits =
                !world.concurrent
                        && operatorIsQuiet
                        && !loaded.model.isClosed()
                        && arena.isUsable()
                        && prepared("Model.accepts", () -> loaded.model.accepts(inputs))
                        && isUsable(inputs);
        float[][] before = fits || world.concurrent ? contents(inputs) : null;
        List<Tensor> outputs;
        try {
            outputs = refusingWrong(() -> loaded.model.run(arena.arena(), inputs));
        } catch (Throwable e) {
            if (fits && !(e instanceof OutOfMemoryError) && !isOutOfStack(e)) {
                throw new Wrong("refused what fits: " + e, e);
            }
            throw e;
        }
        judge(loaded, arena, before, inputs, outputs);
    }

    /** Runs, and fails if the model has taken a wrong result from its operator. */
    private <T> T refusingWrong(Supplier<T> run) {
        boolean outer = world.gaveWrong.get();
        world.gaveWrong.set(false);
        try {
            T result = run.get();
            if (world.gaveWrong.get()) {
                throw new Wrong("a wrong result of an operator was taken", null);
            }
            return result;
        } finally {
            world.gaveWrong.set(outer);
        }
    }

    private static boolean isUsable(Tensor... inputs) {
        for (Tensor input : inputs) {
            if (!input.segment().scope().isAlive()
                    || !input.segment().isAccessibleBy(Thread.currentThread())) {
                return false;
            }
        }
        return true;
    }

    /** Null where they cannot be read, or may change while they are. */
    private static float[][] contents(Tensor... inputs) {
        float[][] contents = new float[inputs.length][];
        try {
            for (int i = 0; i < inputs.length; i++) {
                contents[i] = inputs[i].toFloatArray();
            }
            return contents;
        } catch (IllegalStateException | WrongThreadException e) {
            return null;
        }
    }

    private void judge(
            Loaded loaded, Owned arena, float[][] before, Tensor[] inputs, List<Tensor> outputs) {
        if (loaded.subject == Subject.MUTATES) {
            world.written(inputs[0].segment());
        }
        if (before == null || (loaded.subject == Subject.MUTATES && world.concurrent)) {
            return;
        }
        long[][] shapes = new long[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            shapes[i] = inputs[i].shape();
        }
        boolean wasConcurrent = world.concurrent;
        String flaw;
        try {
            flaw = world.flaw(loaded, before, shapes, outputs);
        } catch (IllegalStateException e) {
            if (!wasConcurrent) {
                throw new Wrong("outputs are dead at once", e);
            }
            return;
        }
        if (flaw != null && !(wasConcurrent && isWritten(inputs))) {
            throw new Wrong("wrong answer: " + flaw, null);
        }
        for (Tensor output : outputs) {
            boolean own = loaded.subject != Subject.IDENTITY && !wasConcurrent;
            world.add(output, own && arena.isUsable() ? output.toFloatArray() : null);
        }
    }

    /** Whether a run that writes into its input may have been at these. */
    private boolean isWritten(Tensor... inputs) {
        for (Made made : world.tensors) {
            for (Tensor input : inputs) {
                if (made.tensor.equals(input) && made.expected == null) {
                    return true;
                }
            }
        }
        return false;
    }

    private void call(Loaded loaded, List<Tensor> inputs, SplittableRandom random) {
        Owned arena = world.arena(random);
        Object result = loaded.model.call(arena.arena(), inputs.toArray());
        if (loaded.subject == Subject.MUTATES) {
            world.written(inputs.getFirst().segment());
        }
        for (Object output : result instanceof List<?> list ? list : List.of(result)) {
            world.add((Tensor) output, null);
        }
    }

    private void runRunner(Bound bound) {
        Runner runner = bound.runner();
        Tensor[] inputs = new Tensor[runner.inputCount()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = runner.input(i);
        }
        float[][] before = contents(inputs);
        if (bound.loaded().subject == Subject.MUTATES) {
            world.written(inputs[0].segment());
        }
        refusingWrong(
                () -> {
                    runner.run();
                    return null;
                });
        List<Tensor> outputs = new ArrayList<>();
        for (int i = 0; i < runner.outputCount(); i++) {
            outputs.add(runner.output(i));
        }
        long[][] shapes = new long[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            shapes[i] = inputs[i].shape();
        }
        if (before != null && !world.concurrent) {
            String flaw = world.flaw(bound.loaded(), before, shapes, outputs);
            if (flaw != null) {
                throw new Wrong("wrong answer of a runner: " + flaw, null);
            }
        }
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

    /** More virtual threads than there are runners or processors. */
    private void manyRun(SplittableRandom random) {
        Loaded loaded = model(random);
        if (loaded.subject == Subject.MUTATES) {
            return;
        }
        boolean before = world.concurrent;
        world.concurrent = true;
        var failure = new AtomicReference<Throwable>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            int seed = random.nextInt();
            threads.add(
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        try (Arena arena = Arena.ofConfined()) {
                                            var own = new SplittableRandom(seed);
                                            long[][] shapes = loaded.subject.shapes(own);
                                            Tensor[] inputs = new Tensor[shapes.length];
                                            for (int k = 0; k < inputs.length; k++) {
                                                inputs[k] =
                                                        Tensor.of(
                                                                arena,
                                                                FuzzState.values(shapes[k], own),
                                                                shapes[k]);
                                            }
                                            run(
                                                    loaded,
                                                    new Owned(arena, Thread.currentThread()),
                                                    inputs);
                                        } catch (Throwable e) {
                                            failure.compareAndSet(null, e);
                                        }
                                    }));
        }
        for (Thread thread : threads) {
            joinUninterruptibly(thread);
        }
        world.concurrent = before;
        if (failure.get() instanceof Error error) {
            throw error;
        }
        if (failure.get() instanceof RuntimeException e) {
            throw e;
        }
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
