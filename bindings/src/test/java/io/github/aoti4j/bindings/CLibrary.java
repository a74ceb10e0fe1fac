package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.testing.Compiler;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small shared libraries, made where there is a C compiler. */
public final class CLibrary {
    private CLibrary() {}

    /** Compiles a source to {@code NAME.so}; skips the test without a compiler. */
    public static Path build(Path folder, String name, String source) throws Exception {
        var compiler = Compiler.find("gcc", "cc", "clang");
        assumeTrue(compiler.isPresent(), "there is no C compiler on the PATH");
        Path c = Files.writeString(folder.resolve(name + ".c"), source);
        Path library = folder.resolve(name + ".so");
        Process process =
                new ProcessBuilder(
                                compiler.get().toString(),
                                "-shared",
                                "-fPIC",
                                "-o",
                                library.toString(),
                                c.toString())
                        .redirectErrorStream(true)
                        .start();
        String messages =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), messages);
        return library;
    }
}
