package io.github.aoti4j;

import io.github.aoti4j.bindings.cuda.CudaApi;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.container.RunScope;
import io.github.aoti4j.internal.cuda.CapturedGraph;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.device.DeviceInputs;
import io.github.aoti4j.internal.device.DeviceTensors;
import io.github.aoti4j.internal.exec.BoundRun;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.NativeModel;
import io.github.aoti4j.internal.exec.OutputReader;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A model on a CUDA device bound to inputs and outputs in page-locked memory of the CPU: each run
 * copies the inputs to the device, runs, copies the outputs back, and waits once.
 *
 * <pre>{@code
 * try (DeviceRunner runner = model.newDeviceRunner(true, example)) {
 *     runner.input(0).segment().setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1.5f);    // written in place
 *     runner.run();
 *     float y = runner.output(0).segment().getAtIndex(ValueLayout.JAVA_FLOAT, 0);
 * }
 * }</pre>
 *
 * <p>With a CUDA graph, copies and run are one launch. After {@link Constants#update} the next run
 * captures it again.
 *
 * <p>{@link #run} is {@link #submit} and {@link #await}. Between the two the CPU is free: fill
 * another runner's inputs, and submit that. Two runners of a model, in turn, keep the device busy
 * while the CPU prepares (double buffering); their runs may overlap on the device, which a model
 * that writes into its buffers does not bear.
 *
 * <p>A runner belongs to the thread that made it; other threads get a {@link WrongThreadException}.
 */
public final class DeviceRunner implements AutoCloseable {
    private final Gpu gpu;
    private final Thread owner = Thread.currentThread();
    private final Arena arena = Arena.ofConfined();
    private final MemoryUses noUses = MemoryUses.ofNoStream();
    private final boolean captured;
    private final OutputReader[] readers;
    private final DeviceInputs memory;
    private final CudaStream stream;

    /** In page-locked memory, and where the model reads them; the same where it wants the CPU's. */
    private final TensorView[] inputs;

    private final TensorView[] onDevice;

    /** Of the latest run: on the device, and in page-locked memory. */
    private final TensorView[] results;

    private final TensorView[] outputs;

    /** What shows inputs and outputs to the caller. */
    private final Tensor[] shownInputs;

    private final Tensor[] shownOutputs;

    private BoundRun call;
    private CapturedGraph graph;
    private boolean inFlight;
    private boolean hasRun;
    private boolean closed;

    private DeviceRunner(Gpu gpu, OutputReader[] readers, boolean captured, int count) {
        this.gpu = gpu;
        this.readers = readers;
        this.captured = captured;
        memory = new DeviceInputs(gpu);
        stream = CudaStream.fromPool(gpu.device(), false);
        inputs = new TensorView[count];
        shownInputs = new Tensor[count];
        shownOutputs = new Tensor[readers.length];
        onDevice = new TensorView[count];
        results = new TensorView[readers.length];
        outputs = new TensorView[readers.length];
    }

    static DeviceRunner create(LoadedModel model, boolean captured, TensorView[] examples) {
        if (model.device().isCpu()) {
            throw new IncompatibleModelException(
                    "the model is on the CPU: newRunner() makes what runs it there");
        }
        if (captured) {
            model.requireCapturable();
        }
        Gpu gpu = Gpu.of(model.device());
        var runner = new DeviceRunner(gpu, model.newReaders(), captured, examples.length);
        try {
            runner.allocate(model.validator(), examples);
            runner.bind(model.natives());
            if (captured) {
                runner.capture();
            }
            return runner;
        } catch (Throwable e) {
            Closeables.closeAfter(e, runner::free);
            throw e;
        }
    }

    private void bind(NativeModel model) {
        call = new BoundRun(model);
        for (int i = 0; i < onDevice.length; i++) {
            long _ = call.bind(i, onDevice[i]);
        }
    }

    private void allocate(InputValidator validator, TensorView[] examples) {
        for (int i = 0; i < examples.length; i++) {
            boolean onCpu = i < validator.inputCount() && validator.isOnCpu(i);
            if (onCpu && captured) {
                throw new IncompatibleModelException(
                        "%s is on the CPU: a graph would keep its values for ever"
                                .formatted(validator.label(i)));
            }
            TensorView example = Objects.requireNonNull(examples[i], "examples");
            inputs[i] = memory.pinned(example, arena);
            shownInputs[i] = new Tensor(inputs[i]);
            onDevice[i] = onCpu ? inputs[i] : memory.onDevice(example, arena, null);
        }
        validator.check(onDevice);
        for (int i = 0; i < examples.length; i++) {
            DeviceTensors.copy(inputs[i], examples[i], null);
        }
    }

    /**
     * Returns an input's memory.
     *
     * @param index the input, in call order
     * @return page-locked memory of the CPU, to be written in place while no run is in flight; it
     *     starts with the example's values
     * @throws IllegalStateException if the runner is closed or a run is in flight
     */
    public Tensor input(int index) {
        requireIdle();
        return shownInputs[Objects.checkIndex(index, inputs.length)];
    }

    /**
     * Returns an output of the latest run.
     *
     * @param index the output, in call order
     * @return page-locked memory of the CPU, valid until close; the next run overwrites it, unless
     *     the output's sizes have changed. Null if the model returned None
     * @throws IllegalStateException if the runner is closed, a run is in flight, or there is none
     *     whose outputs could be read
     */
    public Tensor output(int index) {
        requireIdle();
        Objects.checkIndex(index, outputs.length);
        if (!hasRun) {
            throw new IllegalStateException(
                    "the runner has no outputs: its latest run failed, or there was none");
        }
        return shownOutputs[index];
    }

    /**
     * Copies the inputs to the device, runs the model, and copies the outputs back.
     *
     * @throws NativeException if the model or CUDA fails; there are no outputs then
     * @throws IllegalStateException if the runner or the model is closed, or a run is in flight
     */
    public void run() {
        submit();
        await();
    }

    /**
     * Begins a run and returns while it is on its way.
     *
     * @throws NativeException if the model or CUDA fails; there are no outputs then
     * @throws IllegalStateException if the runner or the model is closed, or a run is in flight
     */
    public void submit() {
        requireIdle();
        hasRun = false;
        try (RunScope _ = call.enter()) {
            try {
                give();
            } catch (Throwable e) {
                settle(e);
                throw e;
            }
        }
        inFlight = true;
    }

    /**
     * Waits for the run that {@link #submit} has begun.
     *
     * @throws NativeException if its work on the device has failed
     * @throws IllegalStateException if no run is in flight
     */
    public void await() {
        requireOwner();
        if (!inFlight) {
            throw new IllegalStateException("no run is in flight");
        }
        inFlight = false;
        stream.synchronize();
        hasRun = true;
    }

    /** A part of a run that has failed may be on its way all the same. */
    private void settle(Throwable failure) {
        try {
            stream.synchronize();
        } catch (NativeException e) {
            failure.addSuppressed(e);
        }
    }

    private void give() {
        if (!captured) {
            give(stream.handle());
            return;
        }
        if (!call.isUpToDate()) {
            recapture();
        }
        graph.launch(stream.handle());
    }

    /** Gives copies and run to a stream. */
    private void give(MemorySegment to) {
        CudaApi api = gpu.api();
        for (int i = 0; i < inputs.length; i++) {
            long bytes = inputs[i].spanBytes();
            if (bytes > 0 && !onDevice[i].device().isCpu()) {
                api.copyAsync(onDevice[i].segment(), inputs[i].segment(), bytes, to);
            }
        }
        call.run(to);
        for (int i = 0; i < outputs.length; i++) {
            locate(i);
            long bytes = outputs[i] == null ? 0 : outputs[i].spanBytes();
            if (bytes > 0) {
                api.copyAsync(outputs[i].segment(), results[i].segment(), bytes, to);
            }
        }
    }

    /** Finds out where an output lies, and has memory ready for it. */
    private void locate(int index) {
        TensorView before = results[index];
        if (before != null && readers[index].isAt(call.slot(), before)) {
            return;
        }
        TensorView result = readers[index].read(call.slot(), onDevice, arena, noUses);
        if (result != null && result.device().isCpu()) {
            throw new IncompatibleModelException(
                    "output \"%s\" is on the CPU: use Model.run".formatted(readers[index].name()));
        }
        results[index] = result;
        if (result == null) {
            show(index, null);
        } else if (outputs[index] == null || !isLike(outputs[index], result)) {
            show(index, memory.pinned(result, arena));
        }
    }

    private void show(int index, TensorView output) {
        outputs[index] = output;
        shownOutputs[index] = output == null ? null : new Tensor(output);
    }

    private static boolean isLike(TensorView a, TensorView b) {
        return a.dtype() == b.dtype()
                && Arrays.equals(a.shape(), b.shape())
                && Shapes.sameLayout(a.shape(), a.strides(), b.strides());
    }

    private void capture() {
        try (RunScope _ = call.enter()) {
            recapture();
        }
    }

    private void recapture() {
        if (graph != null) {
            CapturedGraph old = graph;
            graph = null;
            stream.synchronize();
            call.slot().deleteOutputs();
            old.close();
        }
        Arrays.fill(results, null);
        graph =
                CapturedGraph.record(
                        gpu,
                        to -> {
                            give(to);
                            call.slot().deleteOutputs();
                            Arrays.fill(results, null);
                        },
                        to -> give(to));
    }

    private void requireIdle() {
        requireOwner();
        if (closed) {
            throw new IllegalStateException("the runner is closed");
        }
        if (inFlight) {
            throw new IllegalStateException("a run is in flight: await() it first");
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
     * Waits for a run in flight and frees inputs and outputs, which are dead from now on. Closing
     * again does nothing.
     *
     * @throws WrongThreadException if called by another thread than the one that made the runner
     */
    @Override
    public void close() {
        requireOwner();
        if (!closed) {
            free();
        }
    }

    /** Frees what there is, each before what it uses. */
    private void free() {
        closed = true;
        Closeables.closeAll(stream::synchronize, call, graph, arena, memory);
    }

    @Override
    public String toString() {
        return "DeviceRunner[%s%s%s]"
                .formatted(gpu, captured ? ", captured" : "", closed ? ", closed" : "");
    }
}
