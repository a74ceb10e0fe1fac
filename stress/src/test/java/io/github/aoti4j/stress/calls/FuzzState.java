package io.github.aoti4j.stress.calls;

import io.github.aoti4j.GuardedModel;
import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.OperatorLibrary;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.stress.calls.Subject.Weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** All that the calls so far have made, alive or not. Thread-safe. */
final class FuzzState implements AutoCloseable {
    static final Path WEIGHTS_A = Subject.FIXTURES.resolve("returns_weight/weights.safetensors");
    static final Path WEIGHTS_B =
            Subject.FIXTURES.resolve("returns_weight/weights_other.safetensors");
    static final Path VARIANTS = Subject.FIXTURES.resolve("variants/all.pt2");

    /** More would only be slower. */
    private static final int MOST = 40;

    /**
     * More than addresses go: refused at once, where Linux would promise less and kill the process
     * that uses it.
     */
    private static final long HUGE = 1L << 50;

    /** What the weights are in each epoch: as packaged, and as updated. */
    private final Weights packaged;

    private final Weights updated;

    final List<Loaded> models = new CopyOnWriteArrayList<>();
    final List<Owned> arenas = new CopyOnWriteArrayList<>();
    final List<Made> tensors = new CopyOnWriteArrayList<>();
    final List<Bound> runners = new CopyOnWriteArrayList<>();
    final List<ModelPackage> packages = new CopyOnWriteArrayList<>();
    final List<GuardedModel> guarded = new CopyOnWriteArrayList<>();

    /** What the operator in Java does when it is called next. */
    final AtomicReference<Runnable> inOperator = new AtomicReference<>();

    /** Decides what is wrong with the operator's next result; null for a right one. */
    final AtomicReference<SplittableRandom> wrongResult = new AtomicReference<>();

    /** Whether the operator has given a wrong result in a run that this thread is in. */
    final ThreadLocal<Boolean> gaveWrong = ThreadLocal.withInitial(() -> false);

    /** Whether two threads are at work, so that what was true may be so no longer. */
    volatile boolean concurrent;

    /** How many times a thread has set out to close an arena, and how many are at it. */
    final AtomicInteger arenasClosed = new AtomicInteger();

    final AtomicInteger arenasClosing = new AtomicInteger();

    private final OperatorLibrary operators;

    /** A model, and whether its weights have been replaced; never false once it may have been. */
    static final class Loaded {
        final Subject subject;
        final Model model;
        volatile boolean mayBePackaged = true;
        volatile boolean mayBeUpdated;

        Loaded(Subject subject, Model model) {
            this.subject = subject;
            this.model = model;
        }
    }

    /** An arena and who may use it; null for any thread. */
    record Owned(Arena arena, Thread owner) {
        boolean isUsable() {
            return arena.scope().isAlive()
                    && (owner == null || owner.equals(Thread.currentThread()));
        }
    }

    /** A tensor, and what it must show; null where that is not known. */
    static final class Made {
        final Tensor tensor;
        volatile float[] expected;

        Made(Tensor tensor, float[] expected) {
            this.tensor = tensor;
            this.expected = expected;
        }

        boolean isUsable() {
            return tensor.segment().scope().isAlive()
                    && tensor.segment().isAccessibleBy(Thread.currentThread());
        }
    }

    /** A runner. */
    record Bound(Loaded loaded, Runner runner, Thread owner) {}

    /** Read once. */
    private static final class Known {
        static final Weights PACKAGED = read(null);
        static final Weights UPDATED = read(WEIGHTS_B);
    }

    FuzzState() {
        operators = OperatorLibrary.create().register(Operators.SCALE_ADD, this::scaleAdd);
        // Now that the operator is there, without which a model is not loaded.
        packaged = Known.PACKAGED;
        updated = Known.UPDATED;
    }

    private Object scaleAdd(io.github.aoti4j.OperatorCall call) {
        Runnable first = inOperator.getAndSet(null);
        if (first != null) {
            first.run();
        }
        SplittableRandom wrong = wrongResult.getAndSet(null);
        if (wrong == null) {
            return Operators.scaleAdd(call);
        }
        if (wrong.nextInt(5) == 0) {
            return Operators.turned(call);
        }
        gaveWrong.set(true);
        return Operators.wrong(call, wrong);
    }

    private static Weights read(Path update) {
        try (Arena arena = Arena.ofConfined();
                Model weights = Model.load(Subject.WEIGHTS.path());
                Model bias = Model.load(Subject.CALLS_BACK.path())) {
            if (update != null) {
                weights.constants().update(update);
            }
            return new Weights(
                    weights.constants().read(arena, "weight").toFloatArray(),
                    weights.constants().read(arena, "spectrum").toFloatArray(),
                    bias.constants().read(arena, "bias").toFloatArray());
        }
    }

    static <T> T pick(List<T> from, SplittableRandom random) {
        Object[] all = from.toArray();
        @SuppressWarnings("unchecked")
        T picked = all.length == 0 ? null : (T) all[random.nextInt(all.length)];
        return picked;
    }

    Loaded model(SplittableRandom random) {
        Loaded picked = pick(models, random);
        return picked == null || (models.size() < 3 && random.nextInt(4) == 0)
                ? load(random)
                : picked;
    }

    Loaded load(SplittableRandom random) {
        Subject subject = pick(List.of(Subject.values()), random);
        ModelOptions options = ModelOptions.defaults().runners(1 + random.nextInt(3));
        if (random.nextInt(4) == 0) {
            options = options.copyWeights(true);
        }
        options = options.engine(subject.engine(random));
        return add(models, new Loaded(subject, Model.load(subject.path(), options)));
    }

    Owned arena(SplittableRandom random) {
        Owned picked = pick(arenas, random);
        return picked == null || random.nextInt(4) == 0 ? newArena(random) : picked;
    }

    void closeArena(SplittableRandom random) {
        Arena arena = arena(random).arena;
        arenasClosing.incrementAndGet();
        arenasClosed.incrementAndGet();
        try {
            arena.close();
        } finally {
            arenasClosing.decrementAndGet();
        }
    }

    Owned newArena(SplittableRandom random) {
        return add(
                arenas,
                switch (random.nextInt(5)) {
                    case 0, 1 -> new Owned(Arena.ofConfined(), Thread.currentThread());
                    case 2, 3 -> new Owned(Arena.ofShared(), null);
                    default -> new Owned(Arena.ofAuto(), null);
                });
    }

    <T> T add(List<T> list, T made) {
        if (list.size() < MOST) {
            list.add(made);
        } else if (made instanceof AutoCloseable closeable) {
            closeQuietly(closeable);
        }
        return made;
    }

    Made add(Tensor tensor, float[] expected) {
        return add(tensors, new Made(tensor, expected));
    }

    /** Tensors that fit, of memory in some arena. */
    List<Tensor> fitting(Subject subject, SplittableRandom random) {
        List<Tensor> inputs = new ArrayList<>();
        Owned arena = arena(random);
        for (long[] shape : subject.shapes(random)) {
            Made there = random.nextInt(3) == 0 ? ofShape(shape, random) : null;
            if (there == null) {
                float[] values = values(shape, random);
                there = add(Tensor.of(arena.arena, values, shape), values);
            }
            inputs.add(there.tensor);
        }
        return inputs;
    }

    private Made ofShape(long[] shape, SplittableRandom random) {
        List<Made> fitting = new ArrayList<>();
        for (Made made : tensors) {
            if (Arrays.equals(made.tensor.shape(), shape)) {
                fitting.add(made);
            }
        }
        return pick(fitting, random);
    }

    static float[] values(long[] shape, SplittableRandom random) {
        int count = 1;
        for (long size : shape) {
            count = Math.multiplyExact(count, Math.toIntExact(size));
        }
        float[] values = new float[count];
        float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, -0f, Float.MIN_VALUE, -1};
        boolean plain = random.nextInt(4) > 0;
        for (int i = 0; i < count; i++) {
            values[i] = plain ? random.nextInt(-50, 50) / 4f : odd[random.nextInt(odd.length)];
        }
        return values;
    }

    /** Whether outputs are right for one of the sets of weights that the model may have. */
    String flaw(Loaded loaded, float[][] inputs, long[][] shapes, List<Tensor> outputs) {
        List<float[]> actual = new ArrayList<>();
        for (Tensor output : outputs) {
            actual.add(output.toFloatArray());
        }
        List<String> differences = List.of("the model has no weights");
        if (loaded.mayBePackaged) {
            differences =
                    Subject.differences(loaded.subject.answer(inputs, shapes, packaged), actual);
        }
        if (!differences.isEmpty() && loaded.mayBeUpdated) {
            differences =
                    Subject.differences(loaded.subject.answer(inputs, shapes, updated), actual);
        }
        return differences.isEmpty() ? null : loaded.subject + ": " + differences;
    }

    /** Nobody knows what lies there any more. */
    void written(MemorySegment memory) {
        long end = memory.address() + memory.byteSize();
        for (Made made : tensors) {
            long from = made.tensor.segment().address();
            if (from < end && memory.address() < from + made.tensor.segment().byteSize()) {
                made.expected = null;
            }
        }
    }

    /** Memory that no tensor can be made of, or that just does. */
    static MemorySegment odd(Arena arena, long bytes, SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> MemorySegment.ofArray(new float[(int) Math.min(bytes / 4 + 1, 1000)]);
            case 1 -> arena.allocate(bytes + 8, 64).asSlice(1, bytes);
            case 2 -> arena.allocate(Math.max(bytes - 1, 0), 64);
            case 3 -> arena.allocate(bytes, 64).asReadOnly();
            case 4 -> MemorySegment.NULL;
            case 5 -> MemorySegment.ofArray(new byte[16]);
            default -> arena.allocate(bytes, 4);
        };
    }

    static long[] oddShape(SplittableRandom random) {
        long[] odd = {-1, HUGE, HUGE + 1, Long.MAX_VALUE, Long.MIN_VALUE};
        long[] sizes = {0, 1, 2, 3, 4, 8, 10, 12};
        boolean isOdd = random.nextInt(3) == 0;
        long[] shape = new long[random.nextInt(10)];
        long count = 1;
        for (int i = 0; i < shape.length; i++) {
            if (isOdd && random.nextInt(3) == 0) {
                shape[i] = odd[random.nextInt(odd.length)];
            } else {
                shape[i] = sizes[random.nextInt(sizes.length)];
                shape[i] = count * shape[i] > 1 << 16 ? 1 : shape[i];
                count *= Math.max(shape[i], 1);
            }
        }
        return shape;
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Closes all that this thread may close, in whatever order: models under outputs and so on. */
    @Override
    public void close() {
        inOperator.set(null);
        wrongResult.set(null);
        operators.close();
        models.forEach(loaded -> loaded.model.close());
        guarded.forEach(GuardedModel::close);
        packages.forEach(ModelPackage::close);
        for (Bound bound : runners) {
            if (bound.owner.equals(Thread.currentThread())) {
                bound.runner.close();
            }
        }
        for (Owned owned : arenas) {
            try {
                if (owned.isUsable()) {
                    owned.arena.close();
                }
            } catch (UnsupportedOperationException e) {
                // The collector's.
            }
        }
    }
}
