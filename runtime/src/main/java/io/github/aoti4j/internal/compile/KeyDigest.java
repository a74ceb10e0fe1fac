package io.github.aoti4j.internal.compile;

import io.github.aoti4j.weights.mapped.MemorySegments;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A SHA-256 of parts, each with its length. */
final class KeyDigest {
    /** Of PyTorch's headers, those with its version and the code around a model. */
    private static final List<String> HEADERS =
            List.of(
                    "torch/version.h",
                    "torch/headeronly/version.h",
                    "torch/csrc/inductor/cpp_prefix.h",
                    "torch/csrc/inductor/aoti_torch/c/shim.h");

    private static final String HEADER_FOLDER = "torch/csrc/inductor/aoti_runtime";

    private final MessageDigest digest = MemorySegments.sha256();

    void add(String text) {
        add(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    void add(List<String> texts) {
        add(Integer.toString(texts.size()));
        texts.forEach(this::add);
    }

    void add(MemorySegment bytes) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes.byteSize()).flip());
        MemorySegments.update(digest, bytes);
    }

    /** Adds some headers for all: they are installed together. */
    void addHeaders(Path includes) throws IOException {
        var files = new TreeSet<Path>();
        HEADERS.forEach(header -> files.add(includes.resolve(header)));
        try (DirectoryStream<Path> runtime =
                Files.newDirectoryStream(includes.resolve(HEADER_FOLDER), "*.h")) {
            runtime.forEach(files::add);
        }
        for (Path file : files) {
            if (Files.isRegularFile(file)) {
                add(includes.relativize(file).toString());
                add(MemorySegment.ofArray(Files.readAllBytes(file)));
            }
        }
    }

    /** Adds what {@code -march=native} depends on. */
    void addMachine() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            lines.takeWhile(line -> !line.isBlank())
                    .filter(line -> line.startsWith("model name") || line.startsWith("flags"))
                    .forEach(this::add);
        }
    }

    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
