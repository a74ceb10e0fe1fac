package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.diag.LeakWatch;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.container.RunScope;
import io.github.aoti4j.internal.exec.BoundInputs;
import io.github.aoti4j.internal.exec.BoundRun;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.OutputReader;
import io.github.aoti4j.internal.exec.OutputView;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A model bound to one thread's inputs and outputs: the way to run it again and again at the least
 * cost. {@link #run} checks nothing that has been checked before and makes no Java object.
 *
 * <pre>{@code
 * try (Runner runner = model.newRunner()) {
 *     MemorySegment in = runner.input(0).segment();
 *     in.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1.5f);             // written in place
 *     runner.run();
 *     float y = runner.output(0).segment().getAtIndex(ValueLayout.JAVA_FLOAT, 0);
 * }
 * }</pre>
 *
 * <p><b>Inputs</b> are memory of the runner's own ({@link Model#newRunner()}, {@link #allocate}),
 * or tensors that the caller binds ({@link #bind}) and keeps. The model reads them where they lie,
 * and may write into them if its source did.
 *
 * <p><b>Outputs</b> are views of the memory in which the model left them. They are valid until the
 * next {@link #run} or {@link #close}: then the same tensor shows the new values, if the model left
 * them in the same place, as it mostly does; otherwise the old tensor is dead, and reading it
 * throws {@link IllegalStateException}. So ask {@link #output} again after each run; that costs
 * next to nothing. An output that is a view of an input shares the input's memory.
 *
 * <p>A runner belongs to the thread that made it; other threads get a {@link WrongThreadException}.
 * What an operator in Java calls on the runner whose run it is in is an {@link
 * IllegalStateException}, and an index of no input or output an {@link IndexOutOfBoundsException}.
 * Any number of runners and of {@link Model#run} calls may be active at once; {@link
 * ModelOptions#runners(int)} of them run at a time, the others wait. While constants are being
 * exchanged ({@link Constants#update}) runs wait too; each run uses one set of constants as a
 * whole.
 *
 * <p>A model that is closed runs no more, but its runners' outputs stay valid, and its native
 * memory is freed when the last of them has been closed. A runner that is not closed keeps it for
 * ever.
 */
public final class Runner implements AutoCloseable {
    private final Thread owner = Thread.currentThread();
    private final BoundRun run;
    private final BoundInputs inputs;
    private final OutputView[] views;
    private final LeakWatch watch;

    /** The inputs of the latest run, which its outputs may be views of. */
    private final TensorView[] used;

    /** What is bound, and what was last returned as an output; null where there is nothing. */
    private final Tensor[] tensors;

    private final Tensor[] outputs;

    /** Whether there are outputs. */
    private boolean hasRun;

    /** Whether a run is in flight: code that the model calls back must not run or close this. */
    private boolean running;

    private boolean closed;

    Runner(LoadedModel model) {
        OutputReader[] readers = model.newReaders();
        tensors = new Tensor[model.inputs().size()];
        used = new TensorView[tensors.length];
        outputs = new Tensor[readers.length];
        views = new OutputView[readers.length];
        run = new BoundRun(model.natives());
        try {
            inputs = new BoundInputs(model.validator(), run);
            for (int i = 0; i < views.length; i++) {
                views[i] = new OutputView(run.slot(), readers[i], used);
            }
            watch = LeakWatch.of(this, "a runner of model " + model.name());
        } catch (Throwable e) {
            Closeables.closeAfter(e, run);
            throw e;
        }
    }

    /** {@return the model's number of inputs} */
    public int inputCount() {
        return tensors.length;
    }

    /** {@return the model's number of outputs} */
    public int outputCount() {
        return outputs.length;
    }

    /**
     * Returns what is bound to an input.
     *
     * @param index the input, in call order
     * @return the tensor, to be written in place
     * @throws IllegalStateException if nothing is bound to it, or the runner is closed
     */
    public Tensor input(int index) {
        requireIdle();
        TensorView _ = inputs.requireBound(index);
        return tensors[index];
    }

    /**
     * Binds the caller's memory to an input: it is read, and maybe written, in place by each run
     * until something else is bound. Checked now and not by each run; binding a tensor of the same
     * dtype, sizes and strides as before costs a fraction of a microsecond. Sizes that several
     * inputs must share are compared by the next run, so that they can be changed one by one.
     *
     * @param index the input, in call order
     * @param tensor stays the caller's; its arena must stay open for as long as runs use it (a run
     *     throws {@link IllegalStateException} otherwise) and cannot be closed during one
     * @return this runner
     * @throws InvalidInputException if dtype, rank, sizes or strides do not fit the model, or it is
     *     read-only memory, or a view of this runner's own outputs; what was bound before still is
     * @throws IllegalStateException if the tensor's arena or the runner is closed
     * @throws WrongThreadException if the tensor's arena is confined to another thread
     */
    public Runner bind(int index, Tensor tensor) {
        requireIdle();
        run.requireStack();
        Objects.checkIndex(index, tensors.length);
        TensorView view = requireNonNull(tensor, "tensor").view();
        requireNoOutput(index, view);
        inputs.bind(index, view);
        tensors[index] = tensor;
        return this;
    }

    /**
     * Gives an input memory of the runner's own, of zeros or, if it fits, what was there before.
     *
     * @param index the input, in call order
     * @param shape its sizes
     * @return the bound tensor, laid out as the model wants it, to be written in place; valid until
     *     something else is bound to the input, or the runner is closed
     * @throws InvalidInputException if the sizes do not fit the model, or its element type is not
     *     known; what was bound before still is
     * @throws IllegalStateException if the runner is closed
     * @throws OutOfMemoryError if there is not so much memory; what was bound before still is
     */
    public Tensor allocate(int index, long... shape) {
        requireIdle();
        run.requireStack();
        Objects.checkIndex(index, tensors.length);
        long[] sizes = requireNonNull(shape, "shape").clone();
        Tensor tensor = new Tensor(inputs.allocate(index, sizes));
        tensors[index] = tensor;
        return tensor;
    }

    /** A run frees the outputs of the one before as it begins, and would read freed memory. */
    private void requireNoOutput(int index, TensorView tensor) {
        for (OutputView view : views) {
            if (view.owns(tensor)) {
                throw new InvalidInputException(
                        "%s lies in an output of this very runner, which the next run frees: bind tensor.copy(arena), or use copyOutput"
                                .formatted(inputs.label(index)));
            }
        }
    }

    /**
     * Runs the model on what is bound to its inputs. Makes no Java object, after the first run and
     * unless an output has moved whose view has been asked for.
     *
     * @throws InvalidInputException if inputs that have been bound since the last run do not fit
     *     one another, or an element that the model uses as an index is out of range ({@link
     *     InputInfo#valueRanges()}), which is checked by each run; nothing has been run
     * @throws NativeException if the model fails, with its message; there are no outputs then
     * @throws OperatorException if an operator gives something else than the model was compiled
     *     for; there are no outputs then
     * @throws IllegalStateException if an input is not bound or its arena is closed, or if the
     *     runner or the model is closed; or if an operator calls this in a run of the model, and
     *     all runners are in use by such
     * @throws WrongThreadException if called by another thread than the one that made the runner,
     *     or an input's arena is confined to one
     * @throws StackOverflowError if this thread has too little stack left for a run (144 KiB, 192
     *     if the model calls operators); nothing has been run
     */
    public void run() {
        requireIdle();
        inputs.requireFitting();
        try (RunScope _ = run.enter()) {
            running = true;
            inputs.checkValues();
            hasRun = false;
            if (run.callsBack()) {
                // An operator in Java may still have one of the views, and is this very thread.
                forgetViews();
            }
            noteInputs();
            run.run(MemorySegment.NULL);
            hasRun = true;
        } catch (IllegalStateException | WrongThreadException e) {
            throw inputs.explained(e);
        } finally {
            running = false;
            if (!hasRun) {
                forgetViews();
            }
        }
        for (OutputView view : views) {
            view.follow();
        }
    }

    /** Stores references only where they differ: the collector's barriers cost more than a look. */
    @SuppressWarnings("ReferenceEquality")
    private void noteInputs() {
        TensorView[] bound = inputs.tensors();
        for (int i = 0; i < used.length; i++) {
            if (used[i] != bound[i]) {
                used[i] = bound[i];
            }
        }
    }

    /**
     * Returns an output of the latest run.
     *
     * @param index the output, in call order
     * @return a view, valid until the next run or close; the same object as after the run before if
     *     the output lies where it lay; null if the model returned None. A view of an input ends
     *     with that input's memory, if this comes first
     * @throws IllegalStateException if there is no run whose outputs could be read, or the runner
     *     is closed
     */
    public Tensor output(int index) {
        requireIdle();
        run.requireStack();
        Objects.checkIndex(index, outputs.length);
        requireOutputs();
        TensorView view = views[index].tensor();
        if (view == null) {
            return null;
        }
        Tensor tensor = outputs[index];
        if (tensor == null || tensor.view() != view) {
            tensor = new Tensor(view);
            outputs[index] = tensor;
        }
        return tensor;
    }

    /**
     * Copies an output of the latest run, without making an object: for small outputs that are read
     * at the highest rate, or are needed beyond the next run.
     *
     * @param index the output, in call order
     * @param target gets the elements in row-major order, from its start; native memory, or an
     *     array ({@link MemorySegment#ofArray(float[])})
     * @return how many bytes have been written; 0 if the model returned None
     * @throws InvalidInputException if the target is smaller than the elements
     * @throws IllegalStateException if there is no run whose outputs could be read, or the runner
     *     or the target's arena is closed; or the output is a view of an input whose arena is
     * @throws WrongThreadException if one of these arenas is confined to another thread
     * @throws IllegalArgumentException if the target is read-only
     */
    public long copyOutput(int index, MemorySegment target) {
        requireIdle();
        run.requireStack();
        Objects.checkIndex(index, outputs.length);
        requireNonNull(target, "target");
        requireOutputs();
        return views[index].copyTo(target);
    }

    private void requireOutputs() {
        if (!hasRun) {
            throw new IllegalStateException(
                    "the runner has no outputs: its latest run failed, or there was none");
        }
    }

    /**
     * Frees the outputs and the runner's own inputs, whose views are dead from now on. Closing
     * again does nothing.
     *
     * @throws IllegalStateException if called back from a run of this runner
     * @throws WrongThreadException if called by another thread than the one that made the runner
     */
    @Override
    public void close() {
        requireOwner();
        if (closed) {
            return;
        }
        requireNotRunning();
        StackGuard.requireForClose();
        closed = true;
        watch.closed();
        Closeables.closeAll(this::forgetViews, run, inputs::close);
    }

    /** Kills the views, before the memory that they show is freed. */
    private void forgetViews() {
        for (OutputView view : views) {
            view.forget();
        }
    }

    private void requireIdle() {
        requireOwner();
        if (closed) {
            throw new IllegalStateException("the runner is closed");
        }
        requireNotRunning();
    }

    private void requireNotRunning() {
        if (running) {
            throw new IllegalStateException("the runner is in the middle of a run");
        }
    }

    @SuppressWarnings("ReferenceEquality") // it is the very thread
    private void requireOwner() {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException(
                    "the runner belongs to " + owner + "; make one for each thread");
        }
    }

    /**
     * Describes what is bound.
     *
     * @return for messages
     */
    @Override
    public String toString() {
        return closed ? "Runner[closed]" : "Runner" + Arrays.toString(tensors);
    }
}
