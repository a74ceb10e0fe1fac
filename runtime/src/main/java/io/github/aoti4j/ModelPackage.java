package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.diag.LeakWatch;
import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.compile.PackageWriter;
import io.github.aoti4j.internal.load.Compilation;
import io.github.aoti4j.internal.load.EngineChoice;
import io.github.aoti4j.internal.load.FirstClasses;
import io.github.aoti4j.internal.load.MemoryLimit;
import io.github.aoti4j.internal.load.ModelLoader;
import io.github.aoti4j.internal.load.Sha256Pin;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code .pt2} package: its index, read; nothing unpacked and nothing loaded.
 *
 * <p>A package may hold several models, which may share weights. The file is mapped once, for all
 * models that are loaded from one {@code ModelPackage}; what a model may write to (a buffer that
 * counts, say) it has for itself, so that none sees what another writes.
 *
 * <p>Thread-safe. Models that were loaded from it do not need it any more. What would read in it
 * after {@link #close} throws an {@link IllegalStateException}.
 */
public final class ModelPackage implements AutoCloseable {
    /** What a package in memory is called, unless the caller names it. */
    static final String MEMORY = "<memory>";

    private final Pt2Archive archive;
    private final LeakWatch watch;

    /** The SHA-256 of the package, once it has been computed. */
    private volatile String digest;

    private ModelPackage(Pt2Archive archive, String digest) {
        this.archive = archive;
        this.digest = digest;
        this.watch = LeakWatch.of(this, "package " + archive.path());
    }

    /**
     * Opens a package.
     *
     * @param path a {@code .pt2} file; or a folder that one was unpacked into, with its root folder
     *     or without. Links in the folder may not lead out of it
     * @return the open package, to be closed by the caller
     * @throws PackageException if this is not a sound package
     */
    public static ModelPackage open(Path path) {
        return open(path, ModelOptions.defaults());
    }

    /**
     * Opens a package, if it is the one that it should be.
     *
     * @param path a {@code .pt2} file; or a folder, if {@link ModelOptions#sha256} is not set
     * @param options of which only the pin and the progress listener count here
     * @return the open package, to be closed by the caller
     * @throws PackageException if this is not the package that {@link ModelOptions#sha256} names,
     *     or not a sound one
     */
    public static ModelPackage open(Path path, ModelOptions options) {
        requireNonNull(path, "path");
        requireNonNull(options, "options");
        StackGuard.requireForLoad(FirstClasses.of(options.settings()));
        if (options.sha256().isEmpty()) {
            try (var _ = Recorder.phase("read index", path)) {
                return new ModelPackage(Pt2Archive.open(path), null);
            }
        }
        if (Files.isDirectory(path)) {
            throw Sha256Pin.ofFolder(path);
        }
        return open(MappedFile.open(path), options);
    }

    /**
     * Opens a package whose bytes are in memory. They are copied once, into memory that all models
     * of the package use; the segment is not needed any more when this returns. Nothing is written
     * to any folder.
     *
     * @param bytes a {@code .pt2} file: any segment, also one that is read-only, on the heap, or
     *     mapped
     * @return the open package, to be closed by the caller
     * @throws PackageException if this is not a sound package
     * @throws IllegalStateException if the segment's arena is closed
     * @throws WrongThreadException if the segment is confined to another thread
     */
    public static ModelPackage open(MemorySegment bytes) {
        return open(bytes, MEMORY, ModelOptions.defaults());
    }

    /**
     * Opens a package whose bytes are in memory, if it is the one that it should be; see {@link
     * #open(MemorySegment)}.
     *
     * @param bytes a {@code .pt2} file
     * @param name what messages call it, for example where it came from
     * @param options of which only the pin, the memory limit and the progress listener count here
     * @return the open package, to be closed by the caller
     * @throws PackageException if this is not the package that {@link ModelOptions#sha256} names,
     *     or not a sound one
     * @throws IllegalStateException if the segment's arena is closed
     * @throws WrongThreadException if the segment is confined to another thread
     */
    public static ModelPackage open(MemorySegment bytes, String name, ModelOptions options) {
        requireNonNull(bytes, "bytes");
        requireNonNull(options, "options");
        // A path that no file has, since all messages start with one.
        Path shown = Path.of(requireNonNull(name, "name").replace('\0', ' '));
        StackGuard.requireForLoad(FirstClasses.of(options.settings()));
        MemoryLimit.requireRoom(shown.toString(), bytes.byteSize(), options.settings());
        return open(MappedFile.copyOf(bytes, shown), options);
    }

    /** Hashes what is mapped, and so what is used, whatever becomes of the path meanwhile. */
    private static ModelPackage open(MappedFile file, ModelOptions options) {
        String digest = null;
        try {
            if (options.sha256().isPresent()) {
                digest = file.sha256(options.progress());
                Sha256Pin.require(file.path(), options.sha256().get(), digest);
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, file);
            throw e;
        }
        return new ModelPackage(Pt2Archive.open(file), digest);
    }

    /**
     * {@return the path that the package was opened with, or for a package in memory its name in
     * the form of one; also after close}
     */
    public Path path() {
        return archive.path();
    }

    /** {@return whether the package lies in memory; true if {@link #path()} is only a name} */
    public boolean isInMemory() {
        return archive.isInMemory();
    }

    /**
     * Hashes the package, to pin it with {@link ModelOptions#sha256}.
     *
     * @return 64 lower-case hexadecimal digits
     * @throws PackageException if the package is a folder
     * @throws IllegalStateException if the package is closed
     */
    public String sha256() {
        return sha256(Progress.NONE);
    }

    private String sha256(Progress progress) {
        if (digest == null) {
            digest = archive.sha256(progress).orElseThrow(() -> Sha256Pin.ofFolder(path()));
        }
        return digest;
    }

    /**
     * {@return the names of the models in the package; at least one name, in the package's order}
     */
    public List<String> models() {
        return archive.models();
    }

    /**
     * Returns what the compiler noted about a model, and the strings that its author added.
     *
     * @param model one of {@link #models()}
     * @return for example {@code AOTI_CPU_ISA} to {@code AVX2}; unmodifiable
     * @throws PackageException if there is no such model, or its metadata are not JSON
     */
    public Map<String, String> metadata(String model) {
        try (var _ = archive.hold()) {
            return archive.model(model).metadata();
        }
    }

    /**
     * Describes a model without loading it.
     *
     * @param model one of {@link #models()}
     * @return what the package says of it
     * @throws PackageException if there is no such model, or its part of the package is damaged
     */
    public ModelDescription describe(String model) {
        StackGuard.requireForLoad();
        try (var _ = archive.hold()) {
            return ModelDescription.of(archive, archive.model(model));
        }
    }

    /**
     * Estimates how much memory a model takes, without loading it.
     *
     * @param model one of {@link #models()}
     * @param options runners and {@code copyWeights} count here
     * @return what the package says
     * @throws PackageException if there is no such model, or its part of the package is damaged
     */
    public MemoryEstimate memory(String model, ModelOptions options) {
        requireNonNull(options, "options");
        StackGuard.requireForLoad();
        try (var _ = archive.hold()) {
            PackagedModel packaged = archive.model(model);
            return ModelDescription.memory(
                    archive, packaged, PreflightReport.source(archive, packaged), options);
        }
    }

    /**
     * Asks whether a model can run here, without loading it. If it needs libtorch and that is
     * embedded, it is unpacked into the cache, unless that has happened.
     *
     * @param model one of {@link #models()}
     * @param options engine, libtorch, libraries of operators and progress count here
     * @return all that the model needs, met or not; what only deserves a warning is met
     * @throws PackageException if there is no such model, or its part of the package is damaged
     */
    public List<Requirement> requirements(String model, ModelOptions options) {
        requireNonNull(options, "options");
        StackGuard.requireForLoad();
        try (var _ = archive.hold()) {
            PackagedModel packaged = archive.model(model);
            return packaged.isSourceOnly()
                    ? Compilation.requirements(archive, packaged, options.settings())
                    : EngineChoice.requirements(
                            PreflightReport.of(archive, packaged, null), options.settings());
        }
    }

    /**
     * {@return the names of the models that were packaged as source only ({@code
     * package_cpp_only}): they are compiled when they are loaded, or ahead by {@link #compile}}
     */
    public List<String> sourceOnly() {
        return models().stream().filter(name -> archive.model(name).isSourceOnly()).toList();
    }

    /**
     * Compiles the models that were packaged as source only, and writes a package with their
     * libraries in place of what they were made of. The sources stay, for the checks of the inputs
     * stand in them. PyTorch loads that package, too.
     *
     * @param target the file to write; it appears when it is complete
     * @param replace whether a file that is there may be replaced, such as this package's own
     * @param options compiler, headers, libtorch and progress count here; and the model, if only
     *     one is to be compiled
     * @throws PackageException if no model is source only, or this package is damaged, or wants the
     *     compiler to do what it must not
     * @throws IncompatibleModelException if a compiler or headers are missing, a model is not for
     *     this machine, or the compiler refuses it
     * @throws AotiException if the file is there already or cannot be written; or compiling took
     *     too long or was interrupted
     */
    public void compile(Path target, boolean replace, ModelOptions options) {
        requireNonNull(options, "options");
        StackGuard.requireForLoad();
        PackageWriter.requireFree(requireNonNull(target, "target"), replace);
        try (var _ = archive.hold()) {
            compileHeld(target, replace, options);
        }
    }

    private void compileHeld(Path target, boolean replace, ModelOptions options) {
        List<String> names = options.model().map(List::of).orElseGet(this::sourceOnly);
        Map<PackagedModel, Path> libraries = new LinkedHashMap<>();
        for (String name : names) {
            PackagedModel model = archive.model(name);
            if (model.isSourceOnly()) {
                libraries.put(model, Compilation.compile(archive, model, options.settings()));
            }
        }
        if (libraries.isEmpty()) {
            throw new PackageException(
                    path(),
                    "has nothing to compile: %s compiled already"
                            .formatted(
                                    options.model()
                                            .map(name -> "model " + name + " is")
                                            .orElse("all its models are")));
        }
        PackageWriter.write(archive, libraries, target, replace);
    }

    /**
     * Loads the package's only model; see {@link #load(ModelOptions)}.
     *
     * @return the model, to be closed by the caller
     * @throws PackageException if there are several models, or the model's part of the package is
     *     damaged
     */
    public Model load() {
        return load(ModelOptions.defaults());
    }

    /**
     * Loads a model.
     *
     * @param options which model, and how
     * @return the model, to be closed by the caller
     * @throws PackageException if there is no such model, its part of the package is damaged, or
     *     this is not the package that {@link ModelOptions#sha256} names; to have that compared
     *     before anything of the package is read, open it with the same options
     * @throws IncompatibleModelException if it cannot run here
     * @throws MemoryLimitException if it needs more private memory than {@link
     *     ModelOptions#memoryLimit} allows; it is not loaded then
     * @throws NativeException if the model's own set-up fails
     * @throws IllegalStateException if the package is closed
     * @throws AotiException if the library cannot be unpacked, or the thread is interrupted while
     *     it is; the interrupt stays pending
     */
    public Model load(ModelOptions options) {
        var load = new ObservedLoad(requireNonNull(options, "options"));
        try {
            return load.succeeded(loadUnobserved(options));
        } catch (Throwable e) {
            load.failed(e);
            throw e;
        }
    }

    Model loadUnobserved(ModelOptions options) {
        StackGuard.requireForLoad();
        if (options.sha256().isPresent()) {
            Sha256Pin.require(path(), options.sha256().get(), sha256(options.progress()));
        }
        // Should another thread close the package meanwhile, nothing is unmapped under this one.
        try (var _ = archive.hold()) {
            return Model.of(ModelLoader.load(archive, choose(options), options.settings()));
        }
    }

    private PackagedModel choose(ModelOptions options) {
        if (options.model().isPresent()) {
            return archive.model(options.model().get());
        }
        if (models().size() > 1) {
            throw new PackageException(
                    path(),
                    "holds several models: name one of "
                            + String.join(", ", models())
                            + " (ModelOptions.model, or --model)");
        }
        return archive.model(models().getFirst());
    }

    /**
     * Closes the file. Models loaded from it live on. What another thread is loading or reading at
     * this moment is completed, or fails with an {@link IllegalStateException}. Closing again does
     * nothing.
     */
    @Override
    public void close() {
        StackGuard.requireForClose();
        watch.closed();
        archive.close();
    }
}
