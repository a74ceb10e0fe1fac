package io.github.aoti4j.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A C or C++ compiler, for looking at sources only: it writes nothing. */
public record Compiler(Path program, List<String> options) {

    /**
     * What it said of a source.
     *
     * @param accepted whether it found neither an error nor a warning
     */
    public record Verdict(boolean accepted, String messages) {}

    /** The first of gcc, cc and clang on the PATH, strictly C11. */
    public static Optional<Compiler> c11() {
        var options = List.of("-x", "c", "-std=c11", "-Wall", "-Wextra", "-pedantic-errors");
        return find("gcc", "cc", "clang").map(program -> new Compiler(program, options));
    }

    /** The first of g++, c++ and clang++ on the PATH, C++20 as PyTorch's headers need it. */
    public static Optional<Compiler> cpp20() {
        // PyTorch says "class" of an opaque type that C can only call "struct".
        var options = List.of("-x", "c++", "-std=c++20", "-Wno-mismatched-tags");
        return find("g++", "c++", "clang++").map(program -> new Compiler(program, options));
    }

    /** The first of these programs that is on the PATH. */
    public static Optional<Path> find(String... names) {
        var folders = System.getenv().getOrDefault("PATH", "").split(":");
        return Stream.of(names)
                .flatMap(name -> Stream.of(folders).map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    public Verdict check(Path source, String... moreOptions)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(program.toString());
        command.addAll(options);
        command.addAll(List.of("-Werror", "-fsyntax-only"));
        command.addAll(List.of(moreOptions));
        command.add(source.toString());
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        var process = builder.start();
        process.getOutputStream().close();
        var messages = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Verdict(process.waitFor() == 0, messages);
    }
}
