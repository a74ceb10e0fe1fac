package io.github.aoti4j.stress.calls;

import static io.github.aoti4j.stress.calls.Outcomes.isOutOfStack;
import static io.github.aoti4j.stress.calls.Outcomes.prepared;

import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.stress.calls.FuzzState.Bound;
import io.github.aoti4j.stress.calls.FuzzState.Loaded;
import io.github.aoti4j.stress.calls.FuzzState.Made;
import io.github.aoti4j.stress.calls.FuzzState.Owned;
import io.github.aoti4j.stress.calls.Outcomes.Wrong;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Runs models in all ways and compares what they answer. */
final class CheckedRuns {
    private final FuzzState world;

    CheckedRuns(FuzzState world) {
        this.world = world;
    }

    void run(Loaded loaded, Owned arena, Tensor... inputs) {
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

    void call(Loaded loaded, List<Tensor> inputs, SplittableRandom random) {
        Owned arena = world.arena(random);
        Object result = loaded.model.call(arena.arena(), inputs.toArray());
        if (loaded.subject == Subject.MUTATES) {
            world.written(inputs.getFirst().segment());
        }
        for (Object output : result instanceof List<?> list ? list : List.of(result)) {
            world.add((Tensor) output, null);
        }
    }

    void runRunner(Bound bound) {
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

    /** More virtual threads than there are runners or processors. */
    void manyRun(Loaded loaded, SplittableRandom random) {
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
