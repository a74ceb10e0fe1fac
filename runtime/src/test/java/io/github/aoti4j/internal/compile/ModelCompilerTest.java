package io.github.aoti4j.internal.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

class ModelCompilerTest {
    @TempDir private Path folder;
    private Path compiler;
    private Path headers;
    private Path libtorch;

    @BeforeEach
    void makeTools() throws IOException {
        compiler = SourcePackage.compiler(folder, "");
        headers = SourcePackage.headers(folder.resolve("include"));
        libtorch = SourcePackage.libtorch(folder.resolve("lib"));
    }

    private CompileSettings settings() {
        return new CompileSettings(
                List.of(compiler.toString()),
                headers,
                Duration.ofMinutes(5),
                List.of(),
                Progress.NONE);
    }

    private Path compile(SourcePackage source, CompileSettings settings) throws IOException {
        try (var archive = Pt2Archive.open(source.write(folder.resolve("m.pt2")))) {
            var model = ModelSource.read(archive, archive.model("model"));
            Toolchain toolchain = Toolchain.find(settings, "", libtorch).orElseThrow("it");
            return new ModelCompiler(model, toolchain, settings)
                    .compile(UserCache.at(folder.resolve("cache")));
        } finally {
            Files.delete(folder.resolve("m.pt2"));
        }
    }

    private Path compile(SourcePackage source) throws IOException {
        return compile(source, settings());
    }

    private List<String> calls() throws IOException {
        return Files.readAllLines(folder.resolve("calls"));
    }

    private List<String> filesIn(Path of) throws IOException {
        try (Stream<Path> files = Files.walk(of)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(".lock"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void compilesAndLinksWithWhatIsVettedAndTheLibtorchInUse() throws IOException {
        Path made = compile(new SourcePackage());

        assertEquals(
                List.of(
                        "-DA -O1 -mavx2 -mfma -I%1$s -I%1$s/torch/csrc/api/include -w -fmax-errors=20 -c -o model.wrapper.o model.wrapper.cpp"
                                .formatted(headers),
                        "model.wrapper.o weights1.o -DA -O1 -mavx2 -mfma -shared -Wl,-z,noexecstack -o model.so %s/libtorch_cpu.so -lgomp"
                                .formatted(libtorch)),
                calls());
        assertEquals(List.of("model.seal", "model.so"), filesIn(folder.resolve("cache")));
        assertFalse(
                ElfFile.read(MemorySegment.ofArray(Files.readAllBytes(made)), made, "")
                        .demandsExecutableStack());
    }

    @Test
    void compilesTheSameOnce() throws IOException {
        Path made = compile(new SourcePackage());

        assertEquals(made, compile(new SourcePackage()));
        assertEquals(2, calls().size());
    }

    @Test
    void whateverDecidesTheResultIsInTheKey() throws IOException {
        List<Path> made = new ArrayList<>();
        made.add(compile(new SourcePackage()));
        made.add(compile(new SourcePackage().put("x.wrapper.cpp", "int other;")));
        made.add(compile(new SourcePackage().put("x.weights.o", "other")));
        String flags = SourcePackage.FLAGS.replace("O1", "O2");
        made.add(compile(new SourcePackage().put("x.wrapper_compile_flags.json", flags)));
        made.add(compile(new SourcePackage().put("x.wrapper_linker_flags.json", flags)));
        Files.writeString(folder.resolve("version"), "fake 1.1");
        made.add(compile(new SourcePackage()));
        Files.writeString(headers.resolve(Toolchain.HEADER), "// newer");
        made.add(compile(new SourcePackage()));
        Files.writeString(libtorch.resolve("libtorch_cpu.so"), "another library");
        made.add(compile(new SourcePackage()));

        assertEquals(made.size(), made.stream().distinct().count());
    }

    @Test
    void damagedLibraryIsMadeAgain() throws IOException {
        Path made = compile(new SourcePackage());
        byte[] good = Files.readAllBytes(made);
        byte[] bad = good.clone();
        bad[bad.length / 2] ^= 1;
        Files.write(made, bad);

        assertEquals(made, compile(new SourcePackage()));
        assertArrayEquals(good, Files.readAllBytes(made));
    }

    @Test
    void putsWeightsBehindTheLibraryAtAMultipleOf16KiB() throws IOException {
        byte[] weights = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN).array();
        Arrays.fill(weights, (byte) 7);
        ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).putLong(992, -3);
        String keep = "cp constants.cpp '%s/kept' 2> /dev/null".formatted(folder);
        compiler = SourcePackage.compiler(folder, keep);

        Path made =
                compile(
                        new SourcePackage()
                                .without("x.weights.o")
                                .put("x.wrapper_serialized_weights.bin", weights));

        byte[] bytes = Files.readAllBytes(made);
        int library = SourcePackage.library().length;
        int at = (library / 16384 + 1) * 16384;
        assertArrayEquals(weights, Arrays.copyOfRange(bytes, at, bytes.length));
        assertTrue(
                Files.readString(folder.resolve("kept"))
                        .contains(
                                "_binary_constants_bin_start[2] = {1000ull,"
                                        + " 18446744073709551613ull}"));
    }

    @Test
    void showsWhatTheCompilerSaysWithinBounds() throws IOException {
        compiler =
                SourcePackage.compiler(
                        folder,
                        "echo 'model.wrapper.cpp:1: error: \u001b[1mno' >&2; yes more | head -c"
                                + " 100000; exit 3");

        var e = assertThrows(IncompatibleModelException.class, () -> compile(new SourcePackage()));

        assertTrue(
                e.getMessage()
                        .startsWith(
                                "model model of %s could not be compiled: fake 1.0 ended with exit status 3\nmodel.wrapper.cpp:1: error: ?[1mno\nmore"
                                        .formatted(folder.resolve("m.pt2"))),
                e.getMessage());
        assertTrue(e.getMessage().contains("The command was: " + compiler), e.getMessage());
        assertTrue(e.getMessage().length() < 2 * CompilerProcess.KEPT, e.getMessage());
        assertEquals(List.of(), filesIn(folder.resolve("cache")));
    }

    @Test
    void compilerThatMakesNoLibraryIsToldFromOneThatDoes() throws IOException {
        compiler = SourcePackage.compiler(folder, "exit 0");

        assertThrows(AotiException.class, () -> compile(new SourcePackage()));
        assertEquals(List.of(), filesIn(folder.resolve("cache")));
    }

    @Test
    void stopsACompilerThatTakesTooLong() throws IOException {
        compiler = SourcePackage.compiler(folder, "sleep 1000");
        var hasty =
                new CompileSettings(
                        List.of(compiler.toString()),
                        headers,
                        Duration.ofSeconds(1),
                        List.of(),
                        Progress.NONE);

        var e = assertThrows(AotiException.class, () -> compile(new SourcePackage(), hasty));

        assertTrue(e.getMessage().contains("aoti.compile.timeout"), e.getMessage());
        assertEquals(List.of(), filesIn(folder.resolve("cache")));
    }

    @Test
    void interruptionStopsTheCompiler() throws Exception {
        Path started = folder.resolve("started");
        compiler = SourcePackage.compiler(folder, "echo $$ > '%s'; sleep 1000".formatted(started));
        var thrown = new AtomicReference<Throwable>();
        var flag = new AtomicReference<Boolean>();
        Thread thread =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try {
                                        compile(new SourcePackage());
                                    } catch (IOException | RuntimeException e) {
                                        thrown.set(e);
                                        flag.set(Thread.currentThread().isInterrupted());
                                    }
                                });
        while (!Files.exists(started) || Files.size(started) == 0) {
            Thread.onSpinWait();
        }

        thread.interrupt();
        thread.join();

        assertInstanceOf(AotiException.class, thrown.get());
        assertTrue(thrown.get().getMessage().contains("interrupted"), thrown.get().getMessage());
        assertEquals(true, flag.get());
        long pid = Long.parseLong(Files.readString(started).strip());
        ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
    }

    @Test
    void missingCompilerAndHeadersAreToldTogether() throws IOException {
        var bare =
                new CompileSettings(
                        List.of(), null, Duration.ofMinutes(1), List.of(), Progress.NONE);

        Files.delete(headers.resolve(Toolchain.HEADER));
        var e =
                assertThrows(
                        IncompatibleModelException.class, () -> compile(new SourcePackage(), bare));
        assertTrue(
                e.getMessage()
                        .startsWith(
                                "it was packaged as source only (package_cpp_only) and cannot be"
                                    + " compiled here:\n"
                                    + "  there is no C++ compiler on the PATH (g++, c++, clang++);"
                                    + " install"),
                e.getMessage());
        assertTrue(
                e.getMessage().contains("\n  PyTorch's C++ headers are not here"), e.getMessage());
        assertTrue(e.getMessage().contains("-Daoti.include=DIR"), e.getMessage());
    }

    @Test
    void headersBesideLibtorchAreFound() throws IOException {
        var settings =
                new CompileSettings(
                        List.of(compiler.toString()),
                        null,
                        Duration.ofMinutes(1),
                        List.of(),
                        Progress.NONE);

        compile(new SourcePackage(), settings);

        assertTrue(calls().getFirst().contains("-I" + headers), calls().getFirst());
    }

    @Test
    void compilerIsFoundOnThePathAndMayHaveArguments() throws IOException {
        Files.copy(compiler, folder.resolve("c++"), StandardCopyOption.COPY_ATTRIBUTES);
        var found =
                new CompileSettings(
                        List.of(), headers, Duration.ofMinutes(1), List.of(folder), Progress.NONE);
        Path first = compile(new SourcePackage(), found);
        var wrapped =
                new CompileSettings(
                        List.of("fake-c++", "-O0"),
                        headers,
                        Duration.ofMinutes(1),
                        List.of(folder),
                        Progress.NONE);
        Path second = compile(new SourcePackage(), wrapped);

        assertNotEquals(first, second);
        assertTrue(calls().getLast().startsWith("-O0 model.wrapper.o"), calls().getLast());
    }

    @Test
    void settingsComeFromPropertiesAndVariables() {
        var properties = Map.of("aoti.include", "/inc", "aoti.compile.timeout", "7");
        var variables = Map.of("CXX", "ccache g++", "PATH", "/a::relative:/b");

        var settings = CompileSettings.of(properties::get, variables::get);

        assertEquals(List.of("ccache", "g++"), settings.compiler());
        assertEquals(Path.of("/inc"), settings.includes());
        assertEquals(Duration.ofSeconds(7), settings.timeout());
        assertEquals(List.of(Path.of("/a"), Path.of("/b")), settings.searchPath());
        assertThrows(
                AotiException.class,
                () ->
                        CompileSettings.of(
                                Map.of("aoti.compile.timeout", "soon")::get, variables::get));
    }

    @Test
    void packageWithoutFlagsIsRefused() {
        var e =
                assertThrows(
                        PackageException.class,
                        () -> compile(new SourcePackage().without("x.wrapper_linker_flags.json")));

        assertTrue(e.getMessage().contains("_linker_flags.json"), e.getMessage());
    }
}
