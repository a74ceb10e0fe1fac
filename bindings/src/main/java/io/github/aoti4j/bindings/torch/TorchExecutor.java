package io.github.aoti4j.bindings.torch;

import static io.github.aoti4j.bindings.torch.TorchApi.check;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Memfd;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.bindings.stub.ExecutorLibrary;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * PyTorch's own proxy executor ({@code torch/csrc/inductor/aoti_torch/oss_proxy_executor.h}), for
 * calls that {@link DispatcherApi} cannot make: it passes values of all types.
 *
 * <p>libtorch hides its class, and exports one that loads a model's library ({@code
 * AOTIModelContainerRunnerCpu}) and makes an executor if a list of calls lies beside the library.
 * So it gets a library without a model ({@link ExecutorLibrary}), which gives the executor away.
 * Four exported functions are called, whose names and arguments are the same in PyTorch 2.10 to
 * 2.14; what they throw is a {@link NativeException}.
 *
 * <p>libtorch must have been loaded before. {@link #call} is thread-safe: the executor copies what
 * it keeps of a call.
 */
public final class TorchExecutor implements AutoCloseable {
    private static final String CLASS = "_ZN5torch8inductor27AOTIModelContainerRunnerCpu";

    private static final String CREATE =
            CLASS + "C1ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEmb";
    private static final String DELETE = CLASS + "D1Ev";
    private static final String FOLD =
            "_ZN5torch8inductor24AOTIModelContainerRunner14run_const_foldEbP23AOTInductorStreamOpaque";

    /** What is called by name only where it is there. */
    public static final List<String> REQUIRED = List.of(CREATE, DELETE, FOLD);

    /** Many times what the class takes (some 200 bytes); only its constructor knows. */
    private static final long OBJECT_BYTES = 4096;

    private static final String LIBRARY = "executor.so";
    private static final String CALLS = "executor.json";

    private final Arena arena = Arena.ofShared();
    private final MemorySegment object = arena.allocate(OBJECT_BYTES, 64);
    private final MemorySegment executor;
    private boolean closed;

    /**
     * Makes an executor.
     *
     * @param calls as in a package's {@code .wrapper.json}, but written here: libtorch does not
     *     check the form, and a property that is missing ends the process
     * @throws NativeException with libtorch's message (from 2.13 on) if a call does not fit its
     *     operator
     * @throws AotiException if the folder for temporary files cannot be used
     */
    public TorchExecutor(String calls) {
        try {
            createFrom(calls);
        } catch (Throwable e) {
            Closeables.closeAfter(e, arena);
            throw e;
        }
        try {
            this.executor = give();
        } catch (Throwable e) {
            Closeables.closeAfter(e, this);
            throw e;
        }
    }

    /** The files are needed by the constructor only. */
    private void createFrom(String calls) {
        Path folder = null;
        try (Memfd library = Memfd.create(LIBRARY)) {
            try (FileChannel file = library.open()) {
                write(file);
            }
            library.seal();
            folder = Files.createTempDirectory("aoti4j-calls");
            // A library in memory can be opened also where the folder may hold no code.
            Path link = folder.resolve(LIBRARY);
            Files.createSymbolicLink(link, Path.of(library.path()));
            Files.writeString(folder.resolve(CALLS), calls, StandardOpenOption.CREATE_NEW);
            create(link);
        } catch (IOException e) {
            throw new AotiException(
                    "calls of operators cannot be handed to libtorch by a file in %s: %s; name another folder with -Djava.io.tmpdir"
                            .formatted(System.getProperty("java.io.tmpdir"), e),
                    e);
        } finally {
            delete(folder);
        }
    }

    private static void write(FileChannel file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(ExecutorLibrary.bytes());
        while (bytes.hasRemaining()) {
            int _ = file.write(bytes);
        }
    }

    private static void delete(Path folder) {
        if (folder == null) {
            return;
        }
        try {
            Files.deleteIfExists(folder.resolve(LIBRARY));
            Files.deleteIfExists(folder.resolve(CALLS));
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            System.getLogger("io.github.aoti4j")
                    .log(System.Logger.Level.DEBUG, () -> folder + " is left behind: " + e);
        }
    }

    private void create(Path library) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment path = scratch.allocate(CppString.BYTES, 8);
            CppString.put(path, Platform.nativePath(scratch, library));
            long oneModel = 1;
            GuardedCall.call(
                    "AOTIModelContainerRunnerCpu",
                    StableValues.address(CREATE),
                    object.address(),
                    path.address(),
                    oneModel,
                    0);
        }
    }

    private MemorySegment give() {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment given = scratch.allocate(JAVA_LONG);
            GuardedCall.call(
                    "run_const_fold",
                    StableValues.address(FOLD),
                    object.address(),
                    0,
                    given.address());
            MemorySegment handle = given.get(ADDRESS, 0);
            if (handle.address() == 0) {
                throw new NativeException("run_const_fold", "libtorch has made no executor");
            }
            return handle;
        }
    }

    /**
     * Makes a call.
     *
     * @param node its index in the list
     * @param ints its integers; as many as the list says
     * @param tensors handles, borrowed: its tensors, and after them those that become the results
     * @throws NativeException if the operator fails; the results are undefined
     */
    public void call(
            int node, int intCount, MemorySegment ints, int tensorCount, MemorySegment tensors) {
        check(
                AotiTorch.aoti_torch_proxy_executor_call_function(
                        executor, node, intCount, ints, tensorCount, tensors),
                "aoti_torch_proxy_executor_call_function");
    }

    /** Frees the executor; no call may be using it. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Closeables.closeAll(
                    () ->
                            GuardedCall.call(
                                    "~AOTIModelContainerRunnerCpu",
                                    StableValues.address(DELETE),
                                    object.address()),
                    arena);
        }
    }
}
