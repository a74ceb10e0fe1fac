package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.ProcMaps;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The libtorch of the test class path, really loaded. */
@NeedsLibTorch
class LibTorchTest {
    private static final LibTorch TORCH = LibTorch.load();

    @Test
    void loadsTheOneOnTheClassPath() {
        assertEquals(LibTorchOrigin.EMBEDDED, TORCH.origin());
        // The folder is named by the version that the artifact states.
        assertTrue(
                TORCH.directory().getFileName().toString().startsWith(TORCH.version() + "-"),
                TORCH.toString());
    }

    @Test
    void tellsWhichFunctionsThereAre() {
        assertTrue(TORCH.has("aoti_torch_get_dim"));
        assertFalse(TORCH.has("no_such_function"));
        assertEquals(List.of("b", "a"), TORCH.missing(List.of("b", "aoti_torch_get_dim", "a")));
    }

    @Test
    void isTheOnlyOneInTheProcess() throws Exception {
        assertEquals(
                List.of(TORCH.directory().resolve("libtorch_cpu.so").toRealPath()),
                ProcMaps.ofThisProcess().filesNamed("libtorch_cpu.so"));
    }

    @Test
    void isLoadedOnce() {
        assertSame(TORCH, LibTorch.load());
        assertSame(TORCH, LibTorch.load(TORCH.directory()));
        assertSame(TORCH, LibTorch.loaded().orElseThrow());
    }

    @Test
    void refusesAnotherFolderNamingTheLoadedOne(@TempDir Path other) throws Exception {
        Files.createFile(other.resolve("libtorch_cpu.so"));

        var e = assertThrows(IncompatibleModelException.class, () -> LibTorch.load(other));

        assertTrue(e.getMessage().contains(other.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(TORCH.directory().toString()), e.getMessage());
        assertTrue(e.getMessage().contains("one per process"), e.getMessage());
    }
}
