package io.github.aoti4j.internal.compile;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A SHA-256 of parts, none of which can pass for the end of another. */
final class KeyDigest {
    private static final int CHUNK = 1 << 20;

    /** Of PyTorch's headers, those that state its version and the code around a model. */
    private static final List<String> HEADERS =
            List.of(
                    "torch/version.h",
                    "torch/headeronly/version.h",
                    "torch/csrc/inductor/cpp_prefix.h",
                    "torch/csrc/inductor/aoti_torch/c/shim.h");

    private static final String HEADER_FOLDER = "torch/csrc/inductor/aoti_runtime";

    private final MessageDigest digest;

    KeyDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    void add(String text) {
        add(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    void add(List<String> texts) {
        add(Integer.toString(texts.size()));
        texts.forEach(this::add);
    }

    void add(MemorySegment bytes) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes.byteSize()).flip());
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            long length = Math.min(CHUNK, bytes.byteSize() - at);
            digest.update(bytes.asSlice(at, length).asByteBuffer());
        }
    }

    /** Stands for all headers: they come together. */
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

    /** What {@code -march=native} depends on. */
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
