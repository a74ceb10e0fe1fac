package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.ElfExports;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

@NeedsLibTorch
class ElfExportsTest {
    private static final LibTorch TORCH = LibTorch.load();

    @TempDir Path folder;

    @Test
    void agreesWithTheDynamicLoader() {
        List<String> symbols = new ArrayList<>(LibTorchLoader.REQUIRED);
        // Imported, not exported; exported by another library; nowhere.
        symbols.addAll(List.of("strlen", "cblas_sgemm", "aoti_torch_no_such", ""));
        for (int i = 0; i < 1000; i++) {
            symbols.add("aoti_torch_dtype_float" + i);
        }

        List<String> missing =
                ElfExports.missing(TORCH.directory().resolve("libtorch_cpu.so"), symbols);

        // dlsym also looks into the libraries that libtorch needs.
        List<String> expected = new ArrayList<>(List.of("strlen", "cblas_sgemm"));
        expected.addAll(TORCH.missing(symbols));
        assertEquals(expected, missing);
    }

    @Test
    void listsWhatALibraryLacksInTheOrderGiven() {
        assertEquals(
                List.of("b", "a"),
                ElfExports.missing(
                        TORCH.directory().resolve("libgomp.so.1"),
                        List.of("b", "GOMP_parallel", "a")));
    }

    @Test
    void refusesWhatIsNoLibrary() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "x".repeat(1000));
        Path empty = Files.createFile(folder.resolve("empty"));

        for (Path file : List.of(text, empty)) {
            String message = messageOf(file);
            assertTrue(message.contains(file.toString()), message);
            assertTrue(message.contains("not a shared library for 64-bit x86-64"), message);
        }
    }

    @Test
    void refusesALibraryForAnotherMachine() throws Exception {
        byte[] library = Files.readAllBytes(TORCH.directory().resolve("libgomp.so.1"));
        library[18] = (byte) 183; // AArch64

        String message = messageOf(Files.write(folder.resolve("other.so"), library));

        assertTrue(message.contains("x86-64"), message);
    }

    @Test
    void refusesALibraryThatIsCutShort() throws Exception {
        byte[] library = Files.readAllBytes(TORCH.directory().resolve("libgomp.so.1"));
        Path file = folder.resolve("short.so");
        for (int length : new int[] {64, 100, 0x300, 0x1000, library.length / 2}) {
            Files.write(file, Arrays.copyOf(library, length));
            String message = messageOf(file);
            assertTrue(message.contains("cut short"), message);
        }
    }

    @Test
    void refusesAnAbsentFile() {
        String message = messageOf(folder.resolve("absent.so"));

        assertTrue(message.contains("absent.so"), message);
    }

    private static String messageOf(Path file) {
        return assertThrows(
                        IncompatibleModelException.class,
                        () -> ElfExports.missing(file, List.of("GOMP_parallel")))
                .getMessage();
    }
}
