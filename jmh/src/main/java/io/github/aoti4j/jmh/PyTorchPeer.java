package io.github.aoti4j.jmh;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Compiles the programs that use PyTorch's own loader, against the libtorch of aoti4j. */
public final class PyTorchPeer {
    private static final Path SOURCES = Path.of("jmh/src/main/cpp");

    private PyTorchPeer() {}

    /** Returns the reason why nothing can be compiled; empty if it can. */
    public static Optional<String> missing() {
        String setting = System.getProperty("aoti.libtorch");
        if (setting == null) {
            return Optional.of(
                    "-Daoti.libtorch does not name the lib folder of a PyTorch with headers");
        }
        Path headers = include(Path.of(setting));
        if (!Files.isDirectory(headers)) {
            return Optional.of("no PyTorch headers in " + headers);
        }
        return compiler().isPresent() ? Optional.empty() : Optional.of("no g++ on the PATH");
    }

    /** Compiles a program against the libtorch that {@code -Daoti.libtorch} names. */
    public static Path compile(String name, Path folder) throws IOException, InterruptedException {
        Path libraries = Path.of(System.getProperty("aoti.libtorch"));
        Path headers = include(libraries);
        Path source = SOURCES.resolve(name + ".cpp");
        Path program = folder.resolve(name);
        List<String> command =
                List.of(
                        compiler().orElseThrow().toString(),
                        "-std=c++20",
                        "-O2",
                        "-I" + headers,
                        "-I" + headers.resolve("torch/csrc/api/include"),
                        source.toString(),
                        "-o",
                        program.toString(),
                        "-L" + libraries,
                        "-Wl,-rpath," + libraries,
                        "-Wl,--no-as-needed",
                        "-ltorch",
                        "-ltorch_cpu",
                        "-lc10");
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("cannot compile " + source);
        }
        return program;
    }

    private static Path include(Path libraries) {
        return libraries.resolveSibling("include");
    }

    private static Optional<Path> compiler() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "g++"))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
