package io.github.aoti4j;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.container.RunScope;
import io.github.aoti4j.internal.cuda.CapturedGraph;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.Launch;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.device.DeviceInputs;
import io.github.aoti4j.internal.device.DeviceTensors;
import io.github.aoti4j.internal.exec.BoundRun;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.OutputReader;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A run of a model on a CUDA device, captured as a CUDA graph: {@link #replay} launches all of its
 * work at once, which costs the CPU a few microseconds whatever the number of kernels.
 *
 * <pre>{@code
 * try (CudaGraph graph = model.capture(example); CudaStream stream = CudaStream.create(device)) {
 *     image.copyTo(graph.inputs().get(0), stream);
 *     graph.replay(stream);
 *     graph.outputs().get(0).copyTo(scores, stream);
 *     stream.synchronize();
 * }
 * }</pre>
 *
 * <p>Inputs and outputs are tensors of the graph's own on the device, which keep their addresses.
 * Sizes are those of the capture. Memory that the run takes in between is the graph's alone, from a
 * private pool of PyTorch's allocator.
 *
 * <p>A graph holds the addresses of the constants that it was captured with: after {@link
 * Constants#update} it has to be captured again, and replaying it throws. What the model does
 * besides its kernels (checks, prints) happens when it is captured and never again.
 *
 * <p>Thread-safe: replays, on whichever streams, follow one another on the device. Two that copy
 * their own inputs in must agree on who goes first.
 */
public final class CudaGraph implements AutoCloseable {
    private final Gpu gpu;
    private final Arena arena = Arena.ofShared();
    private final MemoryUses uses = MemoryUses.ofNoStream();
    private final DeviceInputs memory;
    private final TensorView[] own;
    private final List<Tensor> inputs;
    private List<Tensor> outputs;
    private BoundRun call;
    private CapturedGraph graph;
    private boolean closed;

    private CudaGraph(Gpu gpu, TensorView[] examples) {
        this.gpu = gpu;
        memory = new DeviceInputs(gpu);
        own = new TensorView[examples.length];
        try {
            for (int i = 0; i < own.length; i++) {
                own[i] = memory.onDevice(examples[i], arena, uses);
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, this::free, arena);
            throw e;
        }
        inputs = Arrays.stream(own).map(Tensor.TYPE.wrap()).toList();
    }

    static CudaGraph capture(LoadedModel model, TensorView[] examples) {
        model.requireCapturable();
        InputValidator validator = model.validator();
        for (int i = 0; i < examples.length; i++) {
            if (i < validator.inputCount() && validator.isOnCpu(i)) {
                throw new IncompatibleModelException(
                        "%s is on the CPU: a graph would keep its values for ever"
                                .formatted(validator.label(i)));
            }
        }
        var graph = new CudaGraph(Gpu.of(model.device()), examples);
        try {
            graph.record(model, examples);
            return graph;
        } catch (Throwable e) {
            Closeables.closeAfter(e, graph::free, graph.arena);
            throw e;
        }
    }

    private void record(LoadedModel model, TensorView[] examples) {
        OutputReader[] readers = model.newReaders();
        model.validator().check(own);
        call = new BoundRun(model.natives());
        for (int i = 0; i < own.length; i++) {
            long _ = call.bind(i, own[i]);
            DeviceTensors.copy(own[i], examples[i], null);
        }
        try (RunScope _ = call.enter()) {
            graph =
                    CapturedGraph.record(
                            gpu,
                            stream -> {
                                call.run(stream);
                                call.slot().deleteOutputs();
                            },
                            call::run);
        }
        List<Tensor> found = new ArrayList<>();
        for (OutputReader reader : readers) {
            TensorView output = reader.read(call.slot(), own, arena, uses);
            if (output != null && output.device().isCpu()) {
                throw new IncompatibleModelException(
                        "output \"%s\" is on the CPU, where a graph leaves nothing"
                                .formatted(reader.name()));
            }
            found.add(output == null ? null : new Tensor(output));
        }
        outputs = Collections.unmodifiableList(found);
    }

    /**
     * Returns the inputs, to be filled before a replay.
     *
     * @return on the device, in call order; they hold what the graph was captured with, or what the
     *     model made of it
     */
    public List<Tensor> inputs() {
        return inputs;
    }

    /**
     * Returns the outputs.
     *
     * @return on the device, in call order; null where the model returns None. Anything until the
     *     first replay; each replay overwrites them
     */
    public List<Tensor> outputs() {
        return outputs;
    }

    /**
     * Returns where the graph runs.
     *
     * @return the model's device
     */
    public Device device() {
        return gpu.device();
    }

    /**
     * Launches the run on the {@link CudaStream#current current stream} and does not wait for it.
     *
     * @throws NativeException if CUDA fails, or earlier work of the device has
     * @throws IllegalStateException if this or the model is closed, or the model's constants have
     *     been exchanged
     */
    public void replay() {
        replay(CudaStream.current(gpu.device()));
    }

    /**
     * Launches the run on a stream and does not wait for it.
     *
     * @param on a stream of the model's device
     * @throws NativeException if CUDA fails, or earlier work of the device has
     * @throws IllegalStateException if this, the stream or the model is closed, or the model's
     *     constants have been exchanged
     */
    public synchronized void replay(CudaStream on) {
        requireOpen();
        try (RunScope _ = call.enter();
                var launch = new Launch(gpu, on.handle())) {
            if (!call.isUpToDate()) {
                throw new IllegalStateException(
                        "the model's constants have been exchanged since the capture: capture"
                                + " again");
            }
            launch.uses(uses);
            graph.launch(on.handle());
            launch.done();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the CUDA graph is closed");
        }
    }

    /**
     * Waits for all replays and frees the graph with its memory; inputs and outputs are dead from
     * now on. Closing again does nothing.
     *
     * @throws IllegalStateException if another thread is just using an input or output
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            arena.close();
            closed = true;
            free();
        }
    }

    /** Frees what there is, each before what it uses. */
    private void free() {
        closed = true;
        Closeables.closeAll(uses::close, call, graph, memory);
    }

    @Override
    public String toString() {
        return "CudaGraph[%s, %s -> %s%s]"
                .formatted(
                        gpu, inputs, Arrays.toString(outputs.toArray()), closed ? ", closed" : "");
    }
}
