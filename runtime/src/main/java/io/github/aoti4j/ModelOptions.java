package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.load.LoadSettings;
import io.github.aoti4j.internal.load.Sha256Pin;
import io.github.aoti4j.weights.Paging;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * How to load a model. Immutable: each method returns a changed copy.
 *
 * <pre>{@code
 * Model.load(path, ModelOptions.defaults().model("decoder").runners(4));
 * }</pre>
 */
public final class ModelOptions {
    /** Far more than processors; each is a native container. */
    private static final int MAX_RUNNERS = 4096;

    private static final int MAX_THREADS = 1024;

    private static final ModelOptions DEFAULTS = new ModelOptions(new LoadSettings());

    private final LoadSettings settings;

    private ModelOptions(LoadSettings settings) {
        this.settings = settings;
    }

    private ModelOptions with(Consumer<LoadSettings> change) {
        return new ModelOptions(settings.with(change));
    }

    /** What the rest of the library works on. */
    LoadSettings settings() {
        return settings;
    }

    /**
     * Returns the defaults: the package's only model, one run at a time, the engine that suits the
     * model.
     *
     * @return the defaults
     */
    public static ModelOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Chooses a model of the package.
     *
     * @param name one of {@link ModelPackage#models()}; needed where there are several
     * @return changed options
     */
    public ModelOptions model(String name) {
        return with(s -> s.model = Optional.of(requireNonNull(name, "name")));
    }

    /**
     * Sets how many runs may be in flight at once. Each costs the native scratch memory of one run;
     * the weights are shared. With one, the model runs through the entry point that takes no locks.
     *
     * @param count from 1 to 4096
     * @return changed options
     * @throws IllegalArgumentException if the count is less or more
     */
    public ModelOptions runners(int count) {
        if (count < 1 || count > MAX_RUNNERS) {
            throw new IllegalArgumentException(
                    "runners must be from 1 to %d, but is %d".formatted(MAX_RUNNERS, count));
        }
        return with(s -> s.runners = count);
    }

    /**
     * Chooses what answers the functions of PyTorch that the model calls. Models of one process may
     * run on different engines.
     *
     * @param which by default the system property {@code aoti.engine}, or {@link Engine#AUTO}
     * @return changed options
     */
    public ModelOptions engine(Engine which) {
        return with(s -> s.engine = Optional.of(requireNonNull(which, "which")));
    }

    /**
     * Sets how many threads one operator, or one generated kernel, may use. OpenMP's library reads
     * this when it is loaded: the first model of a process decides for all.
     *
     * @param count up to 1024; 0 for {@code OMP_NUM_THREADS}, or one for each core
     * @return changed options
     * @throws IllegalArgumentException if the count is less or more
     */
    public ModelOptions intraOpThreads(int count) {
        if (count < 0 || count > MAX_THREADS) {
            throw new IllegalArgumentException(
                    "intra-op threads must be from 0 to %d, but are %d"
                            .formatted(MAX_THREADS, count));
        }
        return with(s -> s.intraOpThreads = count);
    }

    /**
     * Names the folder that holds libtorch. There is one libtorch per process: the first model that
     * needs it decides.
     *
     * @param directory holds {@code libtorch_cpu.so}, itself or in {@code lib}
     * @return changed options
     */
    public ModelOptions libtorch(Path directory) {
        return with(s -> s.libtorch = Optional.of(requireNonNull(directory, "directory")));
    }

    /**
     * Names the OpenBLAS for matrix products of the built-in engine. There is one per process: the
     * first model with products decides.
     *
     * @param library {@code libopenblas.so.0}, or the folder that holds it, itself or in {@code
     *     lib}
     * @return changed options
     */
    public ModelOptions openBlas(Path library) {
        return with(s -> s.openBlas = Optional.of(requireNonNull(library, "library")));
    }

    /**
     * Names files that hold the weights, by FQN: safetensors, single or sharded (the {@code
     * .safetensors.index.json}), or the state dict of {@code torch.save}. The first file that has a
     * name counts; what none has comes from the package. Names that the model does not have are
     * refused, unless {@link #allowUnknownWeights allowed}.
     *
     * @param files the files, in the order in which they are searched
     * @return changed options
     */
    public ModelOptions weights(Path... files) {
        return with(s -> s.weights = List.of(requireNonNull(files, "files")));
    }

    /**
     * Sets whether the model copies its weights into memory of its own. By default it uses them
     * where they lie in the mapped file: no copy, and all models and processes that use the file
     * share its pages. Such a file may be replaced by renaming, but must not be rewritten or cut
     * off while the model is open.
     *
     * @param copy whether to copy
     * @return changed options
     */
    public ModelOptions copyWeights(boolean copy) {
        return with(s -> s.copyWeights = copy);
    }

    /**
     * Sets whether weight files may have names that the model does not have, when it is loaded and
     * when {@link Constants#update(Path...)} replaces its constants. Their values do not reach the
     * model. By default such a file is refused, as PyTorch's loader does. If allowed, one warning
     * is logged for each load or update; a set of files that has none of the model's names is
     * refused in any case.
     *
     * <p>Reasons for such names: PyTorch has written a constant of up to eight elements into the
     * code ({@code always_keep_tensor_constants} prevents that when the model is exported); the
     * file names the constant in another way, with a prefix or by the other name of tied weights;
     * it holds weights of other models, too. Only the last is harmless.
     *
     * <p>Two kinds of names are never refused: second names of weights that the model has, as
     * {@code torch.save} keeps them for tied weights, and BatchNorm's {@code num_batches_tracked},
     * which only training reads.
     *
     * @param allow whether to allow them
     * @return changed options
     */
    public ModelOptions allowUnknownWeights(boolean allow) {
        return with(s -> s.allowUnknownWeights = allow);
    }

    /**
     * Sets when the pages of mapped weights are read from the disk.
     *
     * @param when by default each when it is first touched
     * @return changed options
     */
    public ModelOptions paging(Paging when) {
        return with(s -> s.paging = requireNonNull(when, "when"));
    }

    /**
     * Sets the listener to the progress of long work: unpacking libtorch, compiling, reading
     * weights.
     *
     * @param listener hears bytes done and bytes in all, or steps
     * @return changed options
     */
    public ModelOptions progress(Progress listener) {
        return with(s -> s.progress = requireNonNull(listener, "listener"));
    }

    /**
     * Pins the package, which is native code, to the digest that you reviewed. Its SHA-256 is
     * compared before anything of it is read; what has been hashed is what is used.
     *
     * @param hex 64 hexadecimal digits, as {@code sha256sum} prints for the {@code .pt2} file
     * @return changed options; with them, a package that was unpacked into a folder is refused
     * @throws IllegalArgumentException if these are not 64 hexadecimal digits
     */
    public ModelOptions sha256(String hex) {
        return with(s -> s.sha256 = Optional.of(Sha256Pin.parse(requireNonNull(hex, "hex"))));
    }

    /**
     * Names native libraries that register the operators that the model calls ({@code
     * TORCH_LIBRARY} in C++). They are opened before the model is looked at, once per process, and
     * stay.
     *
     * <p>A library whose registration fails, because it defines what another has defined, ends the
     * process: PyTorch throws where nothing can catch it.
     *
     * @param libraries built for the libtorch in use, and without libtorch_python
     * @return changed options
     */
    public ModelOptions opLibrary(Path... libraries) {
        return with(s -> s.opLibraries = List.of(requireNonNull(libraries, "libraries")));
    }

    /**
     * Sets whether a model is loaded that uses results of operators written in Java which cannot be
     * checked, because its package does not state the shape or the element type that the model was
     * compiled for. By default such a model is refused, with the operators' names.
     *
     * <p>Packages made by PyTorch 2.13 and newer state both, in most cases. Where they do, results
     * are checked whatever is set here. Where they do not, an operator that returns another shape
     * or element type makes the model read and write beyond the end of its memory.
     *
     * @param trust whether to load such a model
     * @return changed options
     */
    public ModelOptions trustOperators(boolean trust) {
        return with(s -> s.trustOperators = trust);
    }

    /**
     * Names the C++ compiler for packages of source only ({@code package_cpp_only}), which are
     * compiled when they are loaded, once into the user's cache.
     *
     * @param program its path, or its name on the PATH; by default {@code -Daoti.compiler}, the
     *     environment variable {@code CXX}, or the first of g++, c++ and clang++ on the PATH
     * @return changed options
     */
    public ModelOptions compiler(Path program) {
        return with(s -> s.compiler = Optional.of(requireNonNull(program, "program")));
    }

    /**
     * Names the folder of PyTorch's C++ headers, which packages of source only are compiled with.
     * They should be of the version of the libtorch in use, or an older one.
     *
     * @param directory holds {@code torch/csrc}; by default {@code -Daoti.include}, the environment
     *     variable {@code AOTI_INCLUDE}, or {@code include} beside libtorch's folder
     * @return changed options
     */
    public ModelOptions includes(Path directory) {
        return with(s -> s.includes = Optional.of(requireNonNull(directory, "directory")));
    }

    /**
     * Sets where the model runs. It must be a device of the kind that the package was compiled for.
     *
     * @param where by default {@code cuda:0} for a package compiled for CUDA, and the CPU for
     *     others
     * @return changed options
     */
    public ModelOptions device(Device where) {
        return with(s -> s.device = Optional.of(requireNonNull(where, "where")));
    }

    /**
     * Sets how much page-locked memory weights may take on their way to a device. More makes no
     * difference beyond a few MiB for each core; PyTorch's allocator keeps it for the next time.
     *
     * @param bytes by default 128 MiB; at least 1 MiB
     * @return changed options
     * @throws IllegalArgumentException if it is less
     */
    public ModelOptions uploadMemory(long bytes) {
        if (bytes < 1L << 20) {
            throw new IllegalArgumentException("less than 1 MiB to copy weights with: " + bytes);
        }
        return with(s -> s.uploadMemory = bytes);
    }

    /**
     * Limits the private memory of the model. Loading it, or replacing its constants, is refused
     * with a {@link MemoryLimitException} before more is taken. On the built-in engine a run that
     * needs more fails, with a {@link NativeException} whose cause is such an exception; later runs
     * that need less succeed.
     *
     * <p>What counts: weights that are copied and not used in place; constants that are computed
     * from others; a package in memory; and on the built-in engine the memory of runs and of their
     * outputs. What does not count: mapped files, whose pages the system can drop; memory of a CUDA
     * device, and page-locked memory; the Java heap and the arenas of the caller; scratch memory of
     * OpenBLAS, one for the process; and on libtorch the memory of runs, which its own allocator
     * takes.
     *
     * @param bytes at least 0; by default the system property {@code aoti.memory.limit}, or none
     * @return changed options
     * @throws IllegalArgumentException if it is negative
     */
    public ModelOptions memoryLimit(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a memory limit is at least 0 bytes, not " + bytes);
        }
        return with(s -> s.memoryLimit = OptionalLong.of(bytes));
    }

    /**
     * Sets whether elements that the model uses as indices are compared with their range before
     * each run ({@link InputInfo#valueRanges()}). Without this an index out of range makes the run
     * fail, or ends the process if it is found in a kernel of several threads.
     *
     * @param check by default true, unless the system property {@code aoti.check.indices} is {@code
     *     false}
     * @return changed options
     */
    public ModelOptions checkIndices(boolean check) {
        return with(s -> s.checkIndices = check);
    }

    /**
     * Sets whether inputs may be empty although the model was compiled for sizes of at least 1.
     * Export assumes that of every dynamic size, also where its range was declared to begin at 0
     * ({@code backed_size_oblivious} prevents that). PyTorch's own loader runs such inputs on the
     * CPU. By default they are refused.
     *
     * <p>What a model does with a size of 0 that it was not compiled for is not defined. Most
     * return empty outputs. One that divides by a size ends the process on x86-64 (SIGFPE), and
     * computes with a wrong number on AArch64, where dividing an integer by 0 gives 0. One that
     * decided by a size, such as a reduction whose result for nothing differs, may return other
     * values than the module in Python. Try an empty input before you rely on one. Sizes whose
     * range was declared to begin at more than 2 are checked as before.
     *
     * @param allow by default false
     * @return changed options
     */
    public ModelOptions allowEmptyInputs(boolean allow) {
        return with(s -> s.allowEmptyInputs = allow);
    }

    /**
     * Sets what hears of the model's load, runs and waits; see {@link ModelListener} for the cost.
     *
     * @param listener thread-safe; by default there is none. One listener may hear of several
     *     models
     * @return changed options
     */
    public ModelOptions listener(ModelListener listener) {
        var safe = new SafeListener(requireNonNull(listener, "listener"));
        return with(s -> s.listener = safe);
    }

    /** {@return what hears of loads and runs; empty if there is nothing} */
    public Optional<ModelListener> listener() {
        return Optional.ofNullable(safeListener()).map(SafeListener::listener);
    }

    /** Returns the listener; null if there is none. */
    SafeListener safeListener() {
        return (SafeListener) settings.listener;
    }

    /** {@return how many bytes of private memory the model may take; empty for the default} */
    public OptionalLong memoryLimit() {
        return settings.memoryLimit;
    }

    /** {@return whether indices are checked before each run} */
    public boolean checkIndices() {
        return settings.checkIndices;
    }

    /** {@return whether sizes may be 0 where the model was compiled for at least 1} */
    public boolean allowEmptyInputs() {
        return settings.allowEmptyInputs;
    }

    /** {@return the chosen model; empty for the package's only one} */
    public Optional<String> model() {
        return settings.model;
    }

    /** {@return how many runs may be in flight at once; at least 1} */
    public int runners() {
        return settings.runners;
    }

    /** {@return the engine; empty for that of the process, or {@link Engine#AUTO}} */
    public Optional<Engine> engine() {
        return settings.engine;
    }

    /** {@return how many threads one operator may use; 0 for OpenMP's default} */
    public int intraOpThreads() {
        return settings.intraOpThreads;
    }

    /** {@return the folder that holds libtorch; empty to look for it} */
    public Optional<Path> libtorch() {
        return settings.libtorch;
    }

    /** {@return OpenBLAS or its folder; empty to look for it} */
    public Optional<Path> openBlas() {
        return settings.openBlas;
    }

    /** {@return the weight files; unmodifiable, in the order in which they are searched} */
    public List<Path> weights() {
        return settings.weights;
    }

    /** {@return whether the model copies its weights, rather than use them in place} */
    public boolean copyWeights() {
        return settings.copyWeights;
    }

    /**
     * {@return whether a model is loaded whose operators' results cannot be checked, rather than
     * refused}
     */
    public boolean trustOperators() {
        return settings.trustOperators;
    }

    /**
     * {@return whether weight files may have names that the model does not have, rather than be
     * refused}
     */
    public boolean allowUnknownWeights() {
        return settings.allowUnknownWeights;
    }

    /** {@return when the pages of mapped weights are read from the disk} */
    public Paging paging() {
        return settings.paging;
    }

    /** {@return the listener to the progress of long work} */
    public Progress progress() {
        return settings.progress;
    }

    /** {@return the package's SHA-256, 64 lower-case hexadecimal digits; empty if it may be any} */
    public Optional<String> sha256() {
        return settings.sha256;
    }

    /**
     * {@return the native libraries that register operators; unmodifiable, in the order in which
     * they are opened}
     */
    public List<Path> opLibraries() {
        return settings.opLibraries;
    }

    /** {@return the C++ compiler; empty to look for one} */
    public Optional<Path> compiler() {
        return settings.compiler;
    }

    /** {@return the folder of PyTorch's C++ headers; empty for the one beside libtorch} */
    public Optional<Path> includes() {
        return settings.includes;
    }

    /**
     * {@return where the model runs; empty for the kind of device that the package was compiled
     * for}
     */
    public Optional<Device> device() {
        return settings.device;
    }

    /** {@return how many bytes of page-locked memory weights may take on their way to a device} */
    public long uploadMemory() {
        return settings.uploadMemory;
    }
}
