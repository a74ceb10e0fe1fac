package io.github.aoti4j.internal.compile;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.library.LibraryCache;
import io.github.aoti4j.internal.library.LibraryCache.Packaged;
import io.github.aoti4j.internal.preflight.Host;
import io.github.aoti4j.internal.preflight.PackageMetadata;
import io.github.aoti4j.internal.preflight.Preflight;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.mapped.MemorySegments;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Where a model's library comes from: its package or, for a package of source only, a compiler. Not
 * thread-safe.
 */
public final class LibrarySource {
    private Packaged library;
    private final boolean inMemory;

    /** The compiled file; null for a library in a package. */
    private final Path compiled;

    private LibraryCache.Unpacked unpacked;

    private LibrarySource(Packaged library, boolean inMemory, Path compiled) {
        this.library = library;
        this.inMemory = inMemory;
        this.compiled = compiled;
    }

    /**
     * Finds a model's library, and compiles it if need be; the archive must stay open as long as
     * this is used. The folder of {@code libtorch_cpu.so} is asked for only to compile.
     */
    public static LibrarySource of(
            Pt2Archive archive,
            PackagedModel model,
            CompileSettings settings,
            Supplier<Path> libtorch) {
        return model.isSourceOnly()
                ? compiled(compile(archive, model, settings, libtorch))
                : packaged(archive, model.library());
    }

    private static LibrarySource packaged(Pt2Archive archive, ArchiveEntry entry) {
        MemorySegment bytes = archive.segment(entry);
        Path file = archive.fileOf(entry);
        var library =
                new Packaged(
                        file,
                        entry.name(),
                        entry.offset(),
                        bytes,
                        archive.crc32(entry),
                        ElfFile.read(bytes, file, entry.name()));
        return new LibrarySource(library, archive.isInMemory(), null);
    }

    private static LibrarySource compiled(Path file) {
        MemorySegment bytes;
        try (var channel = FileChannel.open(file)) {
            // Once mapped, the file may be removed from the cache.
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        } catch (IOException e) {
            throw new AotiException("cannot read %s: %s".formatted(file, e), e);
        }
        String name = file.getFileName().toString();
        var elf = ElfFile.read(bytes, file, name);
        return new LibrarySource(
                new Packaged(file, name, 0, bytes, MemorySegments.crc32(bytes), elf), false, file);
    }

    /** Compiles a model that was packaged as source only. */
    public static Path compile(
            Pt2Archive archive,
            PackagedModel model,
            CompileSettings settings,
            Supplier<Path> libtorch) {
        ModelSource source = ModelSource.read(archive, model);
        Preflight.require(source.description(), requirements(archive, model));
        Toolchain toolchain =
                Toolchain.find(settings, source.compile().compiler(), libtorch.get())
                        .orElseThrow(source.description());
        return new ModelCompiler(source, toolchain, settings).compile(UserCache.ofProcess());
    }

    /**
     * Returns whether a model of source only can be compiled, and can run here as far as its
     * package says. Compiles nothing.
     */
    public static List<Requirement> requirements(
            Pt2Archive archive,
            PackagedModel model,
            CompileSettings settings,
            LibTorchOptions options) {
        List<Requirement> requirements = new ArrayList<>();
        Path folder = null;
        try {
            folder = LibTorchLocator.ofProcess().locate(options).directory();
        } catch (AotiException e) {
            requirements.add(Subject.LIBTORCH.unmet(e.getMessage()));
        }
        requirements.addAll(requirements(archive, model));
        ModelSource source = ModelSource.read(archive, model);
        if (folder != null) {
            var search = Toolchain.find(settings, source.compile().compiler(), folder);
            String problems = String.join("; ", search.problems());
            requirements.add(
                    search.toolchain()
                            .map(toolchain -> Subject.COMPILER.met(describe(toolchain)))
                            .orElse(
                                    Subject.COMPILER.unmet(
                                            "must be compiled before it runs, which cannot be done"
                                                    + " here: "
                                                    + problems)));
        }
        return List.copyOf(requirements);
    }

    private static String describe(Toolchain toolchain) {
        return "must be compiled before it runs, when it is loaded or ahead with \"aoti compile\": with %s and the headers in %s"
                .formatted(toolchain.name(), toolchain.includes());
    }

    private static List<Requirement> requirements(Pt2Archive archive, PackagedModel model) {
        return Preflight.examineSource(
                new PackageMetadata(model.metadata()),
                model.wrapperSource()
                        .map(archive::text)
                        .flatMap(WrapperSource::parse)
                        .flatMap(WrapperSource::march),
                Host.current());
    }

    public ElfFile elf() {
        return library.elf();
    }

    /** Returns the size in bytes, weights behind the library included. */
    public long size() {
        return library.bytes().byteSize();
    }

    /**
     * Makes {@link #open} open a copy that needs another library in place of libtorch.
     *
     * @param soname the name of a library that is loaded
     */
    public void bindTo(String soname) {
        library = library.withLibTorch(soname);
    }

    /** Unpacks the library, which {@link #open} does otherwise. */
    public void prepare() {
        // What the caller keeps in memory is not ours to write to a disk.
        if (unpacked == null && !inMemory && !isOpenedInPlace()) {
            unpacked = new LibraryCache(UserCache.ofProcess()).prepare(library);
        }
    }

    private boolean isOpenedInPlace() {
        return compiled != null && library.libtorch() == null;
    }

    /** Opens the library, which the caller owns. */
    public NativeLibrary open() {
        prepare();
        if (unpacked != null) {
            return unpacked.open();
        }
        if (!isOpenedInPlace()) {
            return LibraryCache.openInMemory(library);
        }
        try {
            return NativeLibrary.open(compiled);
        } catch (NativeException e) {
            return LibraryCache.openInMemory(library, e);
        }
    }

    /**
     * Opens a copy of the library, which the caller owns.
     *
     * @param number all that open one number have one library, with its static variables
     */
    public NativeLibrary openCopy(int number) {
        if (number == 0) {
            return open();
        }
        Packaged copy = library.withCopy(number);
        return inMemory
                ? LibraryCache.openInMemory(copy)
                : new LibraryCache(UserCache.ofProcess()).prepare(copy).open();
    }

    /** Returns the package and the entry, or the compiled file. */
    @Override
    public String toString() {
        return compiled == null ? library.entry() + " of " + library.path() : compiled.toString();
    }
}
