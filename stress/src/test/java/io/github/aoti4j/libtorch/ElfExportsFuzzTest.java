package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.ElfExports;
import io.github.aoti4j.stress.fuzz.FuzzTarget;
import io.github.aoti4j.stress.fuzz.FuzzedReaders;
import io.github.aoti4j.stress.fuzz.TinyLibrary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Attacks the reader of what a libtorch exports. */
public class ElfExportsFuzzTest extends FuzzedReaders {
    private static final List<String> NAMES = List.of("aoti_torch_a", "strlen", "b", "");
    private static final Path FILE = file();

    private static Path file() {
        try {
            Path file = Files.createTempFile("fuzzed-", ".so");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected List<FuzzTarget> targets() {
        return List.of(FuzzTarget.of("elf_exports", ElfExportsFuzzTest::seeds, this::read));
    }

    private static List<byte[]> seeds() {
        return List.of(
                TinyLibrary.of("libm.so.6", List.of("strlen"), List.of("aoti_torch_a", "b")));
    }

    private void read(byte[] input) throws IOException {
        Files.write(FILE, input);
        assertTrue(NAMES.containsAll(ElfExports.missing(FILE, NAMES)));
    }
}
