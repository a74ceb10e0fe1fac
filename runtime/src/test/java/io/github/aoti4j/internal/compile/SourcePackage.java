package io.github.aoti4j.internal.compile;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipFile;

/** Packages of source only that no PyTorch has made, and what stands in for a compiler. */
final class SourcePackage {
    static final String FOLDER = "root/data/aotinductor/model/";
    static final String FLAGS =
            """
            {"compiler": "g++", "definitions": ["A"], "cflags": ["O1"], "include_dirs": ["/nowhere"],
            "libraries_dirs": ["/nowhere"], "passthrough_args": ["", "-mavx2 -mfma"],
            "libraries": ["torch", "torch_cpu", "gomp"]}
            """;

    private final Map<String, byte[]> entries = new LinkedHashMap<>();

    SourcePackage() {
        put("x.wrapper.cpp", "int source;");
        put("x.wrapper_compile_flags.json", FLAGS);
        put("x.wrapper_linker_flags.json", FLAGS);
        put("x.weights.o", "object");
        put("CMakeLists.txt", "make");
        entries.put("root/archive_format", "pt2".getBytes(StandardCharsets.US_ASCII));
    }

    SourcePackage put(String name, String text) {
        return put(name, text.getBytes(StandardCharsets.UTF_8));
    }

    SourcePackage put(String name, byte[] bytes) {
        entries.put(FOLDER + name, bytes);
        return this;
    }

    SourcePackage without(String name) {
        entries.remove(FOLDER + name);
        return this;
    }

    Path write(Path file) throws IOException {
        try (var channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            var zip = new ZipWriter(channel);
            for (var entry : entries.entrySet()) {
                zip.add(entry.getKey(), MemorySegment.ofArray(entry.getValue()));
            }
            zip.finish();
        }
        return file;
    }

    /** A library that a compiler could have made. */
    static byte[] library() throws IOException {
        try (var zip = new ZipFile("src/test/fixtures/add_one/add_one.pt2")) {
            var entry =
                    zip.stream()
                            .filter(e -> e.getName().endsWith(".wrapper.so"))
                            .findFirst()
                            .orElseThrow();
            return zip.getInputStream(entry).readAllBytes();
        }
    }

    /**
     * Makes a program that notes its arguments in {@code folder/calls}, one call a line, and writes
     * {@link #library} to what follows {@code -o}.
     *
     * @param behaviour shell commands that come first
     */
    static Path compiler(Path folder, String behaviour) throws IOException {
        Path library = Files.write(folder.resolve("made.so"), library());
        Path script = folder.resolve("fake-c++");
        Files.writeString(
                script,
                """
                #!/bin/sh
                case "$*" in *--version) cat '%1$s/version'; exit ;; esac
                echo "$@" >> '%1$s/calls'
                %2$s
                while [ $# -gt 0 ]; do
                    if [ "$1" = -o ]; then cp '%3$s' "$2"; exit; fi
                    shift
                done
                """
                        .formatted(folder, behaviour, library));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        Files.writeString(folder.resolve("version"), "fake 1.0\nand more\n");
        Files.writeString(folder.resolve("calls"), "");
        return script;
    }

    /** A folder that passes for PyTorch's headers. */
    static Path headers(Path folder) throws IOException {
        Path header = folder.resolve(Toolchain.HEADER);
        Files.createDirectories(header.getParent());
        Files.writeString(header, "// model container");
        return folder;
    }

    /** A folder that passes for libtorch's. */
    static Path libtorch(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("libtorch_cpu.so"), "library");
        return folder;
    }
}
