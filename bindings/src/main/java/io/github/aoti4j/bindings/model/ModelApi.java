package io.github.aoti4j.bindings.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.model.AOTInductorGetLastError_fn;
import io.github.aoti4j.bindings.generated.model.AOTInductorModelContainerGetCallSpec_fn;
import io.github.aoti4j.bindings.os.IntegerCall;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.os.NativeOutput;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What one compiled model exports, bound to the library it was opened from.
 *
 * <p>Every model exports the same names, so the addresses are looked up per library and each call
 * goes through one. The container handles that the functions take are {@code
 * AOTInductorModelContainerHandle}s. Functions other than run are safe from any thread, and not
 * meant for the hot path. A failure is a {@link NativeException} with the model's own message.
 */
public final class ModelApi {
    private static final String CREATE = "AOTInductorModelContainerCreateWithDevice";
    private static final String DELETE = "AOTInductorModelContainerDelete";
    private static final String RUN = "AOTInductorModelContainerRun";
    private static final String RUN_SINGLE_THREADED = "AOTInductorModelContainerRunSingleThreaded";
    private static final String NUM_INPUTS = "AOTInductorModelContainerGetNumInputs";
    private static final String NUM_OUTPUTS = "AOTInductorModelContainerGetNumOutputs";
    private static final String INPUT_NAME = "AOTInductorModelContainerGetInputName";
    private static final String OUTPUT_NAME = "AOTInductorModelContainerGetOutputName";
    private static final String CALL_SPEC = "AOTInductorModelContainerGetCallSpec";
    private static final String LAST_ERROR = "AOTInductorGetLastError";

    /**
     * The functions without which a model cannot be run; every model since PyTorch 2.8 has them.
     */
    public static final List<String> REQUIRED =
            List.of(
                    CREATE,
                    DELETE,
                    RUN,
                    NUM_INPUTS,
                    NUM_OUTPUTS,
                    INPUT_NAME,
                    OUTPUT_NAME,
                    CALL_SPEC,
                    ConstantsApi.COUNT,
                    ConstantsApi.NAME,
                    ConstantsApi.FQN,
                    ConstantsApi.FOLDED,
                    ConstantsApi.TYPE,
                    ConstantsApi.DTYPE,
                    ConstantsApi.DATA_SIZE);

    private final NativeLibrary library;
    private final MemorySegment run;
    private final boolean canRunSingleThreaded;

    /**
     * Binds a model's functions.
     *
     * @param library the opened model; must stay open as long as this is used
     * @param singleThreaded whether {@link #run} may skip the container's locks, because the caller
     *     never has two runs in flight
     */
    public ModelApi(NativeLibrary library, boolean singleThreaded) {
        library.require(REQUIRED);
        this.library = library;
        this.canRunSingleThreaded = singleThreaded && library.has(RUN_SINGLE_THREADED);
        this.run = library.address(canRunSingleThreaded ? RUN_SINGLE_THREADED : RUN);
        // Other models write the reason of a failure nowhere else.
        if (library.has(LAST_ERROR)) {
            NativeOutput.silence(library, run);
        }
    }

    /**
     * Makes a container, which the caller deletes.
     *
     * @param device for example {@code cpu}
     * @param numModels how many runs may be in flight
     * @param cubinDirectory where a CUDA model's kernels lie, or null
     */
    public MemorySegment create(String device, long numModels, String cubinDirectory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            MemorySegment cubins =
                    cubinDirectory == null
                            ? MemorySegment.NULL
                            : arena.allocateFrom(cubinDirectory);
            check(
                    IntegerCall.call(
                            library.address(CREATE),
                            slot.address(),
                            numModels,
                            arena.allocateFrom(device).address(),
                            cubins.address()),
                    CREATE);
            return MemorySegment.ofAddress(slot.get(JAVA_LONG, 0));
        }
    }

    /**
     * Deletes a container. No run may be in flight, and no output may be alive that aliases a
     * constant.
     */
    public void delete(MemorySegment container) {
        check(IntegerCall.call(library.address(DELETE), container.address()), DELETE);
    }

    /**
     * Runs the model once.
     *
     * @param arguments of the container's own numbers of inputs and outputs
     * @param stream the {@code cudaStream_t} that does the work, which may go on when this returns;
     *     null is the device's default one, and on the CPU nothing
     * @param proxyExecutor a C++ object that the model calls for operators without a C function;
     *     null for a model that has none
     * @return 0, or another value after a failure
     * @throws IllegalStateException if an arena that is to be held open is closed; the model has
     *     not been run
     * @throws WrongThreadException if one is confined to another thread; the model has not been run
     */
    public int run(
            MemorySegment container,
            RunArguments arguments,
            MemorySegment stream,
            MemorySegment proxyExecutor) {
        return KeepAlive.run(run, container, arguments, stream, proxyExecutor);
    }

    /** Returns what {@link #run} calls. */
    public String runFunction() {
        return canRunSingleThreaded ? RUN_SINGLE_THREADED : RUN;
    }

    /** Makes the exception for a failure that has just been returned on this thread. */
    public NativeException failure(String function) {
        return new NativeException(function, lastError());
    }

    /** Returns the names of the inputs in call order. */
    public List<String> inputNames(MemorySegment container) {
        return names(NUM_INPUTS, INPUT_NAME, container);
    }

    /** Returns the names of the outputs in call order. */
    public List<String> outputNames(MemorySegment container) {
        return names(NUM_OUTPUTS, OUTPUT_NAME, container);
    }

    private List<String> names(String number, String name, MemorySegment container) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            List<String> names = new ArrayList<>();
            long count = count(number, container, slot);
            for (long i = 0; i < count; i++) {
                names.add(string(item(name, library.address(name), container, i, slot)));
            }
            return names;
        }
    }

    /** Calls one of the functions that count something; they have one shape. */
    long count(String function, MemorySegment container, MemorySegment slot) {
        check(
                IntegerCall.call(library.address(function), container.address(), slot.address()),
                function);
        return slot.get(JAVA_LONG, 0);
    }

    /** Calls one of the functions that leave a property of the i-th item; they have one shape. */
    MemorySegment item(
            String function,
            MemorySegment address,
            MemorySegment container,
            long i,
            MemorySegment slot) {
        check(IntegerCall.call(address, container.address(), i, slot.address()), function);
        return slot;
    }

    /** Returns the model's call spec. */
    public CallSpecText callSpec(MemorySegment container) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment in = arena.allocate(ADDRESS);
            MemorySegment out = arena.allocate(ADDRESS);
            check(
                    AOTInductorModelContainerGetCallSpec_fn.invoke(
                            library.address(CALL_SPEC), container, in, out),
                    CALL_SPEC);
            return new CallSpecText(string(in), string(out));
        }
    }

    /**
     * A call spec, PyTorch's TreeSpec of inputs and outputs, as JSON. The inputs are a tuple of
     * positional arguments and a dict of keyword arguments.
     */
    public record CallSpecText(String inputs, String outputs) {}

    /** Returns the functions that concern the model's constants. */
    public ConstantsApi constants() {
        return new ConstantsApi(this, library);
    }

    /** Takes what a function returned that returns an int: the lower half. */
    void check(long code, String function) {
        if ((int) code != 0) {
            throw failure(function);
        }
    }

    private String lastError() {
        if (!library.has(LAST_ERROR)) {
            return "a model compiled by PyTorch before 2.13 says why on standard error only";
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            int code = AOTInductorGetLastError_fn.invoke(library.address(LAST_ERROR), slot);
            String message = code == 0 ? string(slot) : "";
            return message.isBlank() ? "no message" : message;
        }
    }

    static String string(MemorySegment slot) {
        return text(slot.get(JAVA_LONG, 0));
    }

    /** Reads a C string; addresses are read as integers because that links nothing new. */
    static String text(long address) {
        return address == 0
                ? ""
                : MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE).getString(0);
    }
}
