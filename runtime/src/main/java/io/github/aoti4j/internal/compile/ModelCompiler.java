package io.github.aoti4j.internal.compile;

import io.github.aoti4j.bindings.diag.Recorder;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CacheEntry;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.jfr.ModelCompile;
import io.github.aoti4j.weights.mapped.MemorySegments;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Compiles a model's library from the source in its package, once: {@code compiled/<key>/model.so}
 * in the user's cache.
 *
 * <p>The key is the SHA-256 of all that decides the result: the sources and objects, the arguments,
 * the compiler's version, and PyTorch's headers. Threads and processes that want the same library
 * wait for the one that makes it.
 *
 * <p>The steps are those of {@code compile_so} in {@code torch/_inductor/package/package.py}, with
 * other folders, and without a shell.
 */
record ModelCompiler(ModelSource source, Toolchain toolchain, CompileSettings settings) {
    private static final String FORMAT = "aoti4j compiled 2";
    private static final String LIBRARY = "model.so";
    private static final String CHECKSUM = "model.seal";
    private static final long CHECKSUM_BYTES = 29;

    /** Where a model expects the weights behind its library to begin. */
    private static final int WEIGHTS_ALIGNMENT = 16384;

    /** Returns the library, compiled now or before; the exceptions have the compiler's words. */
    Path compile(UserCache cache) {
        Path folder =
                cache.folder(
                        CacheEntry.COMPILED + "/" + key(),
                        Map.of(LIBRARY, UserCache.ANY_SIZE, CHECKSUM, CHECKSUM_BYTES),
                        ModelCompiler::isSound,
                        this::fill);
        return folder.resolve(LIBRARY);
    }

    private void fill(Path folder) throws IOException {
        if (!Recorder.isOn()) {
            build(folder);
            return;
        }
        var event = new ModelCompile(source.model().name(), toolchain.name());
        try {
            build(folder);
        } finally {
            event.commit();
        }
    }

    private void build(Path folder) throws IOException {
        int steps = source.sources().size() + 1;
        String message =
                "compiling model %s with %s".formatted(source.model().name(), toolchain.name());
        List<String> objects = new ArrayList<>();
        for (ArchiveEntry entry : source.sources()) {
            // Not the package's names, which can look like options.
            String name = objects.isEmpty() ? "model.wrapper" : "model.kernel" + objects.size();
            settings.progress().update(message, objects.size(), steps);
            Files.writeString(folder.resolve(name + ".cpp"), source.archive().text(entry));
            objects.add(name + ".o");
            run(folder, compileCommand(name + ".cpp", name + ".o"));
        }
        for (ArchiveEntry entry : source.objects()) {
            String name = "weights" + objects.size() + ".o";
            source.archive().checkCrc(entry);
            write(source.archive().segment(entry), folder.resolve(name));
            objects.add(name);
        }
        if (source.appended().isPresent()) {
            Files.writeString(folder.resolve("constants.cpp"), placeOfWeights());
            objects.add("constants.o");
            run(folder, compileCommand("constants.cpp", "constants.o"));
        }
        run(folder, linkCommand(objects));
        finish(folder.resolve(LIBRARY));
        Files.writeString(folder.resolve(CHECKSUM), checksum(folder.resolve(LIBRARY)));
        removeOthers(folder);
        settings.progress().update(message, steps, steps);
    }

    private List<String> compileCommand(String from, String to) {
        List<String> command = new ArrayList<>(toolchain.command());
        command.addAll(source.compile().arguments());
        command.addAll(
                List.of(
                        "-I" + toolchain.includes(),
                        "-I" + toolchain.includes().resolve("torch/csrc/api/include"),
                        "-w", // its warnings are PyTorch's business
                        "-fmax-errors=20",
                        "-c",
                        "-o",
                        to,
                        from));
        return command;
    }

    private List<String> linkCommand(List<String> objects) {
        List<String> command = new ArrayList<>(toolchain.command());
        command.addAll(objects);
        command.addAll(source.link().arguments());
        // PyTorch's own objects do not say that they need no executable stack.
        command.addAll(List.of("-shared", "-Wl,-z,noexecstack", "-o", LIBRARY));
        List<String> libraries = new ArrayList<>(source.link().libraries());
        if (!libraries.contains("torch_cpu")) {
            libraries.add("torch_cpu"); // which link_libtorch=False leaves out
        }
        for (String library : libraries) {
            Path file = toolchain.libtorch().resolve("lib" + library + ".so");
            if (library.equals("torch_cpu") || (library.equals("c10") && Files.exists(file))) {
                command.add(file.toString());
            } else if (!library.equals("c10") && !library.equals("torch")) { // torch is empty
                command.add("-l" + library);
            }
        }
        return command;
    }

    private void run(Path folder, List<String> command) throws IOException {
        var result = CompilerProcess.run(command, folder, settings.timeout());
        if (result.exit() != 0) {
            throw new IncompatibleModelException(
                    "%s could not be compiled: %s ended with exit status %d\n%s\nThe command was: %s"
                            .formatted(
                                    source.description(),
                                    toolchain.name(),
                                    result.exit(),
                                    result.output(),
                                    String.join(" ", command)));
        }
    }

    /** The library has the weights' size and the number that they end with, not the weights. */
    private String placeOfWeights() {
        ArchiveEntry weights = source.appended().orElseThrow();
        if (weights.size() < Long.BYTES) {
            throw new PackageException(
                    source.archive().path(),
                    "entry %s has %d bytes, too few; package the model again"
                            .formatted(weights.name(), weights.size()));
        }
        long mark =
                source.archive()
                        .segment(weights)
                        .get(
                                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                                weights.size() - Long.BYTES);
        return """
        extern "C" {
        alignas(64) unsigned long long _binary_constants_bin_start[2] = {%dull, %sull};
        alignas(64) unsigned char _binary_constants_bin_end[1] = {0};
        }
        """
                .formatted(weights.size(), Long.toUnsignedString(mark));
    }

    /** Appends the weights, and marks the library as needing no executable stack. */
    private void finish(Path library) throws IOException {
        try (var channel =
                FileChannel.open(library, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ElfFile elf;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment linked =
                        channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                elf = ElfFile.read(linked, library, LIBRARY);
            }
            elf.makeLoadable(channel);
            if (source.appended().isPresent()) {
                ArchiveEntry weights = source.appended().get();
                source.archive().checkCrc(weights);
                byte[] padding =
                        new byte[WEIGHTS_ALIGNMENT - (int) (channel.size() % WEIGHTS_ALIGNMENT)];
                Arrays.fill(padding, (byte) ' ');
                channel.position(channel.size());
                MemorySegments.write(MemorySegment.ofArray(padding), channel);
                MemorySegments.write(source.archive().segment(weights), channel);
            }
        }
    }

    private static void write(MemorySegment bytes, Path file) throws IOException {
        try (var channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            MemorySegments.write(bytes, channel);
        }
    }

    /** Returns a line with the size and the checksum of a file, all of which is read. */
    private static String checksum(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined();
                var channel = FileChannel.open(file)) {
            long size = channel.size();
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return "%019d %08x\n".formatted(size, MemorySegments.crc32(bytes));
        }
    }

    private static boolean isSound(Path folder) {
        try {
            return Files.readString(folder.resolve(CHECKSUM))
                    .equals(checksum(folder.resolve(LIBRARY)));
        } catch (IOException e) {
            return false;
        }
    }

    private static void removeOthers(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (!name.equals(LIBRARY) && !name.equals(CHECKSUM) && Files.isRegularFile(file)) {
                    Files.delete(file);
                }
            }
        }
    }

    private String key() {
        var digest = new KeyDigest();
        digest.add(FORMAT);
        digest.add(toolchain.version());
        digest.add(toolchain.command().subList(1, toolchain.command().size()));
        digest.add(source.compile().arguments());
        digest.add(source.link().arguments());
        digest.add(source.link().libraries());
        for (ArchiveEntry part : source.parts()) {
            digest.add(source.archive().segment(part));
        }
        try {
            digest.addHeaders(toolchain.includes());
            digest.add(Long.toString(Files.size(toolchain.libtorch().resolve("libtorch_cpu.so"))));
            if (source.compile().arguments().stream().anyMatch(a -> a.endsWith("=native"))) {
                digest.addMachine();
            }
        } catch (IOException e) {
            throw new AotiException("cannot read what a model is compiled with: " + e, e);
        }
        return digest.hex();
    }
}
