package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.diag.LeakWatch;
import io.github.aoti4j.bindings.os.ArenaCleanup;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CallSpecException;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.exec.ArenaRuns;
import io.github.aoti4j.internal.exec.LoadedModel;
import io.github.aoti4j.internal.exec.NestedCalls;
import io.github.aoti4j.internal.inputs.NamedTensors;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A compiled model, loaded and ready to run.
 *
 * <pre>{@code
 * try (Model model = Model.load(Path.of("digits.pt2"));
 *         Arena arena = Arena.ofConfined()) {
 *     Tensor image = Tensor.of(arena, pixels, 1, 1, 8, 8);
 *     Tensor logits = model.run(arena, image).getFirst();
 *     float[] scores = logits.toFloatArray();
 * }
 * }</pre>
 *
 * <p>Thread-safe: any number of threads may run it at once; {@link ModelOptions#runners(int)} of
 * them run, the others wait. A model that writes into its own buffers ({@code register_buffer} with
 * in-place updates) does so without synchronisation, as in PyTorch.
 */
public final class Model implements AutoCloseable {
    private final LoadedModel loaded;
    private final ArenaRuns runs;
    private final List<InputInfo> inputs;
    private final Constants constants;
    private final NestedCalls<Tensor> calls;
    private final LeakWatch watch;

    /** Made when it is first needed. */
    private volatile NamedTensors namedTensors;

    private volatile CallSpec callSpec;

    private Model(LoadedModel loaded) {
        this.loaded = loaded;
        this.runs = new ArenaRuns(loaded);
        this.inputs = loaded.inputs().stream().map(InputInfo::new).toList();
        this.constants = new Constants(loaded.natives());
        this.calls = new NestedCalls<>(loaded, Tensor.TYPE);
        this.watch = LeakWatch.of(this, "model " + loaded.name());
    }

    /** Takes over what has been loaded, also if this fails. */
    static Model of(LoadedModel loaded) {
        try {
            return new Model(loaded);
        } catch (Throwable e) {
            Closeables.closeAfter(e, loaded.natives()::close);
            throw e;
        }
    }

    LoadedModel loaded() {
        return loaded;
    }

    NestedCalls<Tensor> calls() {
        return calls;
    }

    /**
     * Loads the only model of a package; see {@link #load(Path, ModelOptions)}.
     *
     * @param path a {@code .pt2} file, or a folder that one was unpacked into
     * @return the model, to be closed by the caller
     * @throws PackageException if this is not a sound package, or holds several models
     */
    public static Model load(Path path) {
        return load(path, ModelOptions.defaults());
    }

    /**
     * Loads a model of a package.
     *
     * @param path a {@code .pt2} file, or a folder that one was unpacked into
     * @param options which model, and how
     * @return the model, to be closed by the caller
     * @throws PackageException if this is not a sound package, does not hold the model, or is not
     *     the one that {@link ModelOptions#sha256} names
     * @throws IncompatibleModelException if it cannot run here: another machine, a missing CPU
     *     feature, a libtorch that lacks functions, constants that the package does not hold
     * @throws MemoryLimitException if it needs more private memory than {@link
     *     ModelOptions#memoryLimit} allows; it is not loaded then
     * @throws NativeException if the model's own set-up fails
     * @throws AotiException if the library cannot be unpacked, or the thread is interrupted while
     *     it is; the interrupt stays pending
     */
    public static Model load(Path path, ModelOptions options) {
        var load = new ObservedLoad(requireNonNull(options, "options"));
        try (ModelPackage modelPackage = ModelPackage.open(path, options)) {
            return load.succeeded(modelPackage.loadUnobserved(options));
        } catch (Throwable e) {
            load.failed(e);
            throw e;
        }
    }

    /**
     * Loads a model of a package whose bytes are in memory; see {@link #load(Path, ModelOptions)}
     * and {@link ModelPackage#open(MemorySegment)}.
     *
     * @param bytes a {@code .pt2} file, not needed any more when this returns
     * @param options which model, and how
     * @return the model, to be closed by the caller
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static Model load(MemorySegment bytes, ModelOptions options) {
        var load = new ObservedLoad(requireNonNull(options, "options"));
        try (ModelPackage modelPackage = ModelPackage.open(bytes, ModelPackage.MEMORY, options)) {
            return load.succeeded(modelPackage.loadUnobserved(options));
        } catch (Throwable e) {
            load.failed(e);
            throw e;
        }
    }

    /** {@return the model's name within its package; usually {@code model}} */
    public String name() {
        return loaded.name();
    }

    /**
     * {@return what the compiler noted about the model, and the strings that its author added;
     * unmodifiable; for example {@code AOTI_DEVICE_KEY} to {@code cpu}}
     */
    public Map<String, String> metadata() {
        return loaded.metadata();
    }

    /** {@return the engine that the model runs on; never {@link Engine#AUTO}} */
    public Engine engine() {
        return loaded.engine();
    }

    /**
     * Returns how much memory the model has now. May be called at any time, by any thread, also
     * after {@link #close}, when outputs may still hold some.
     *
     * @return a snapshot; parts of it may be of slightly different moments while the model runs
     */
    public MemoryUse memory() {
        return MemoryUse.of(loaded);
    }

    /** {@return what the model takes, in call order; unmodifiable} */
    public List<InputInfo> inputs() {
        return inputs;
    }

    /**
     * {@return the names of the outputs, in the order in which a run returns them; unmodifiable}
     */
    public List<String> outputNames() {
        return loaded.outputNames();
    }

    /**
     * {@return the model's constants: to list them, read them, and replace them while it runs; a
     * view of this model, usable until it is closed}
     */
    public Constants constants() {
        return constants;
    }

    /**
     * Returns the strides that the model wants for inputs of certain sizes, to lay tensors out with
     * them: for example those of channels-last images.
     *
     * @param shapes the sizes of all inputs, in elements, in call order
     * @return the strides of all inputs, in elements; row-major where the package does not ask for
     *     others
     * @throws InvalidInputException if their number is not that of the inputs, or a shape cannot be
     */
    public List<long[]> stridesFor(List<long[]> shapes) {
        long[][] all = ofAllInputs(shapes);
        return IntStream.range(0, all.length)
                .mapToObj(i -> loaded.validator().stridesFor(i, all))
                .toList();
    }

    /**
     * Checks sizes of inputs before there is memory for them, as {@link #run} checks those of its
     * inputs.
     *
     * @param shapes the sizes of all inputs, in elements, in call order
     * @throws InvalidInputException if the model does not take inputs of these sizes
     */
    public void checkShapes(List<long[]> shapes) {
        loaded.validator().checkShapes(ofAllInputs(shapes));
    }

    private long[][] ofAllInputs(List<long[]> shapes) {
        if (requireNonNull(shapes, "shapes").size() != inputs.size()) {
            throw new InvalidInputException(
                    "model %s takes %d inputs, but %d shapes were given"
                            .formatted(name(), inputs.size(), shapes.size()));
        }
        return shapes.toArray(long[][]::new);
    }

    /**
     * Makes a runner for this thread. Inputs of fixed sizes get memory of the runner's own, of
     * zeros; to the others, {@link Runner#allocate memory of some size} or a {@link Runner#bind
     * tensor} is to be given before the first run.
     *
     * @return a runner, to be closed by the caller
     * @throws IllegalStateException if the model is closed
     */
    public Runner newRunner() {
        loaded.natives().container().requireStack();
        Runner runner = bareRunner();
        try {
            for (int i = 0; i < inputs.size(); i++) {
                InputInfo input = inputs.get(i);
                if (input.dtype().isPresent() && input.fixedShape().isPresent()) {
                    Tensor _ = runner.allocate(i, input.fixedShape().get());
                }
            }
            return runner;
        } catch (Throwable e) {
            Closeables.closeAfter(e, runner);
            throw e;
        }
    }

    /**
     * Makes a runner for this thread, bound to the caller's tensors.
     *
     * @param inputTensors in call order; see {@link Runner#bind}
     * @return a runner, to be closed by the caller
     * @throws InvalidInputException if their number, or one of them, does not fit the model
     * @throws IllegalStateException if the model or a tensor's arena is closed
     */
    public Runner newRunner(Tensor... inputTensors) {
        requireNonNull(inputTensors, "inputs");
        loaded.natives().container().requireStack();
        Tensor[] tensors = inputTensors.clone();
        loaded.validator().check(Tensor.TYPE.unwrapAll(tensors));
        Runner runner = bareRunner();
        try {
            for (int i = 0; i < tensors.length; i++) {
                runner.bind(i, tensors[i]);
            }
            return runner;
        } catch (Throwable e) {
            Closeables.closeAfter(e, runner);
            throw e;
        }
    }

    /**
     * Captures a run on a CUDA device as a graph, to be launched as a whole again and again.
     *
     * <p>The model runs once for it: a buffer that its runs write has changed by that.
     *
     * @param examples in call order, on the device or the CPU; the graph has inputs of its own with
     *     the same sizes and strides, which start with these values
     * @return the graph, to be closed by the caller
     * @throws InvalidInputException if the inputs do not fit the model
     * @throws IncompatibleModelException if runs cannot be captured, with the reason: the model is
     *     on the CPU or was loaded for several runs at once, it draws random numbers, calls
     *     operators that are not compiled into it, or waits for the device in the middle of a run;
     *     or libtorch cannot capture
     * @throws NativeException if the model or CUDA fails
     * @throws IllegalStateException if the model or a tensor's arena is closed
     */
    public CudaGraph capture(Tensor... examples) {
        return CudaGraph.capture(
                loaded, Tensor.TYPE.unwrapAll(requireNonNull(examples, "examples")));
    }

    /**
     * Makes a runner for this thread, of a model on a CUDA device, with inputs and outputs in
     * page-locked memory of the CPU.
     *
     * @param captured whether its runs are to be a CUDA graph, captured now; see {@link #capture}
     * @param examples in call order, on the device or the CPU: the runner's own inputs have the
     *     same sizes and strides, and start with these values
     * @return a runner, to be closed by the caller
     * @throws InvalidInputException if the inputs do not fit the model
     * @throws IncompatibleModelException if the model is on the CPU, or cannot be captured
     * @throws NativeException if the model or CUDA fails
     * @throws IllegalStateException if the model or a tensor's arena is closed
     */
    public DeviceRunner newDeviceRunner(boolean captured, Tensor... examples) {
        return DeviceRunner.create(
                loaded, captured, Tensor.TYPE.unwrapAll(requireNonNull(examples, "examples")));
    }

    private Runner bareRunner() {
        if (!device().isCpu()) {
            throw new IncompatibleModelException(
                    "model %s is on %s, and this runner is for models on the CPU: use newDeviceRunner, or run(stream, arena, inputs)"
                            .formatted(name(), device()));
        }
        return new Runner(loaded);
    }

    /**
     * Returns whether {@link #run(Arena, List)} would take inputs, without running anything.
     *
     * @param inputTensors in call order
     * @return false where run throws {@link InvalidInputException}
     */
    public boolean accepts(Tensor... inputTensors) {
        return loaded.validator().acceptsAll(requireNonNull(inputTensors, "inputs"), Tensor.TYPE);
    }

    /**
     * Runs the model on inputs given one by one; see {@link #run(Arena, List)}.
     *
     * @param arena the outputs live as long as it does
     * @param inputTensors in call order
     * @return the outputs in call order, unmodifiable; null where the model returned None
     */
    public List<Tensor> run(Arena arena, Tensor... inputTensors) {
        // What has been checked is what native code gets, whatever the caller does to the array
        // meanwhile.
        return run(arena, null, Tensor.TYPE.unwrapAll(requireNonNull(inputTensors, "inputs")));
    }

    List<Tensor> run(Arena arena, GpuStream stream, TensorView[] views) {
        requireNonNull(arena, "arena");
        try {
            return runs.run(arena, stream, views, Tensor.TYPE.wrap());
        } catch (IllegalStateException | WrongThreadException e) {
            throw loaded.validator().explained(e, views);
        }
    }

    /**
     * Runs the model.
     *
     * <p>Inputs are shared with the model, not copied; it may write into them if its source did.
     * Outputs are views of the memory in which the model left them, without a copy. An output that
     * is a view of an input shares the input's memory and its lifetime.
     *
     * @param arena the outputs live as long as it does; their native memory is freed when it is
     *     closed
     * @param inputTensors in call order; their arenas cannot be closed by other threads during the
     *     run
     * @return the outputs in call order, unmodifiable; null where the model returned None
     * @throws InvalidInputException if number, dtype, rank, sizes or strides do not fit the model,
     *     an input is read-only memory, or an element that the model uses as an index is out of
     *     range ({@link InputInfo#valueRanges()}); nothing has been run
     * @throws NativeException if the model fails, with its message
     * @throws OperatorException if an operator gives something else than the model was compiled for
     * @throws IllegalStateException if the model, the arena or an input's arena is closed
     * @throws WrongThreadException if one of the arenas is confined to another thread
     * @throws StackOverflowError if this thread has too little stack left for a run (144 KiB, 192
     *     if the model calls operators); nothing has been run
     */
    public List<Tensor> run(Arena arena, List<Tensor> inputTensors) {
        return run(arena, requireNonNull(inputTensors, "inputs").toArray(Tensor[]::new));
    }

    /**
     * Runs the model on inputs given by name; see {@link #run(Arena, List)}.
     *
     * @param arena the outputs live as long as it does
     * @param inputTensors each under {@link InputInfo#name}, or under {@link InputInfo#path}, of
     *     which {@code kwargs.} may be left out
     * @return the outputs by {@link #outputNames}, in call order, unmodifiable; null where the
     *     model returned None. {@link CallSpec#outputPaths} has their places in the result of
     *     {@link #call}
     * @throws InvalidInputException if a name is unknown or an input missing, listing those that
     *     the model takes, or if a tensor does not fit the model
     * @throws NativeException if the model fails, with its message
     * @throws IllegalStateException if the model, the arena or an input's arena is closed
     */
    public Map<String, Tensor> run(Arena arena, Map<String, Tensor> inputTensors) {
        requireNonNull(arena, "arena");
        requireNonNull(inputTensors, "inputs");
        NamedTensors names = namedTensors;
        if (names == null) {
            names = new NamedTensors(name(), loaded.inputs(), outputNames());
            namedTensors = names;
        }
        return names.named(run(arena, names.inOrder(inputTensors, Tensor[]::new)));
    }

    /**
     * Lets a stream run a model on a CUDA device, and returns before that is done. {@link
     * #run(Arena, List)} of such a model does the same on the {@link CudaStream#current current
     * stream}.
     *
     * <p>The run begins when all work on its inputs that this library has given to other streams is
     * done. The outputs are there when the stream has come so far: other runs, copies and the
     * methods that read elements wait for that by themselves. Inputs may be closed at any time
     * after this returns: their memory stays until the run is done.
     *
     * <p>Runs on several streams may overlap on the device, also those of one thread. A model that
     * writes into its own buffers does not bear that: give it one stream.
     *
     * @param stream of the model's device
     * @param arena the outputs live as long as it does
     * @param inputTensors in call order, on the model's device unless the model wants them on the
     *     CPU
     * @return the outputs in call order, unmodifiable; null where the model returned None
     * @throws InvalidInputException also if the stream is not of the model's device
     * @throws NativeException if the model fails, or earlier work of the device has
     * @throws IllegalStateException also if the stream is closed
     */
    public List<Tensor> run(CudaStream stream, Arena arena, Tensor... inputTensors) {
        requireNonNull(stream, "stream");
        requireNonNull(inputTensors, "inputs");
        if (!stream.device().equals(device())) {
            throw new InvalidInputException(
                    "model %s is on %s and cannot run on %s".formatted(name(), device(), stream));
        }
        return run(arena, stream.gpuStream(), Tensor.TYPE.unwrapAll(inputTensors));
    }

    /** {@return where the model runs: the CPU, or a CUDA device} */
    public Device device() {
        return loaded.device();
    }

    /**
     * Returns how the model is called: the nested arguments and results of its Python {@code
     * forward}.
     *
     * @return read from the model when it is first asked for
     * @throws CallSpecException if the model has no call spec, or one that cannot be read; {@link
     *     #run(Arena, List)} works all the same
     * @throws IllegalStateException if the model is closed and its call spec was not read before
     */
    public CallSpec callSpec() {
        CallSpec known = callSpec;
        if (known == null) {
            known = new CallSpec(calls.plan());
            callSpec = known;
        }
        return known;
    }

    /**
     * Calls the model with positional arguments; see {@link #call(Arena, Arguments)}.
     *
     * @param arena the outputs live as long as it does
     * @param args in order, each as {@link CallSpec} says
     * @return a {@link Tensor}, a {@link List} or a {@link Map}; null where the model returned None
     */
    public Object call(Arena arena, Object... args) {
        return call(arena, Arguments.of(args));
    }

    /**
     * Calls the model with nested arguments, as in Python; {@link CallSpec} says which Java values
     * stand for what. Tensors are checked, run and returned as by {@link #run(Arena, List)}.
     *
     * @param arena the outputs live as long as it does
     * @param arguments positional and keyword arguments
     * @return a {@link Tensor}, or an unmodifiable {@link List} or {@link Map} of such structures;
     *     null where the model returned None
     * @throws InvalidInputException if the arguments do not have the structure of the exported
     *     call, or a tensor does not fit; the message names the path, such as {@code
     *     kwargs.opts["k"][0]}; nothing has been run
     * @throws CallSpecException if the model's call spec cannot be used
     */
    public Object call(Arena arena, Arguments arguments) {
        return calls.call(arena, requireNonNull(arguments, "arguments").args(), this::run);
    }

    /**
     * Calls the model and returns its results as a type; see {@link #call(Arena, Arguments)}.
     *
     * @param <R> the type
     * @param arena the outputs live as long as it does
     * @param arguments positional and keyword arguments
     * @param type a record class, {@link Tensor}, {@link List} or {@link Map}
     * @return the results; null where the model returned None
     * @throws InvalidInputException also if the type cannot hold the results, or is a record that
     *     is not accessible
     * @throws CallSpecException if the model's call spec cannot be used
     */
    public <R> R call(Arena arena, Arguments arguments, Class<R> type) {
        return calls.call(arena, requireNonNull(arguments, "arguments").args(), type, this::run);
    }

    /**
     * Closes the model: no new run starts. Runs in flight, and those waiting for one of the
     * runners, finish; outputs that are still alive stay valid; the native memory is freed with the
     * last of them. Closing again does nothing.
     */
    @Override
    public void close() {
        StackGuard.requireForClose();
        watch.closed();
        loaded.natives().close();
        ArenaCleanup.runPostponed();
    }

    /** {@return whether {@link #close()} has been called; true from then on} */
    public boolean isClosed() {
        return loaded.natives().isClosed();
    }

    /** {@return name and state, for messages} */
    @Override
    public String toString() {
        return "Model[" + name() + (isClosed() ? ", closed]" : "]");
    }
}
