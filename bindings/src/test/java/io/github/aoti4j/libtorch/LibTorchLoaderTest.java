package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.ProcMaps;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Loading in processes of their own, as a process can load but one libtorch. */
@NeedsLibTorch
class LibTorchLoaderTest {
    private static final Path EMBEDDED = LibTorch.load().directory();
    private static final String VERSION = LibTorch.load().version();

    @TempDir Path folder;

    private static String run(Object... steps) throws Exception {
        return run(new ChildJvm(Steps.class), steps);
    }

    private static String run(ChildJvm child, Object... steps) throws Exception {
        ChildJvm.Ending result = ChildJvm.run(child.with(steps));
        assertEquals(0, result.exitCode(), result.output());
        return result.output();
    }

    private static void assertContains(String output, String... parts) {
        for (String part : parts) {
            assertTrue(output.contains(part), part + " is not in: " + output);
        }
    }

    @Test
    void adoptsTheOneThatOtherCodeHasLoaded() throws Exception {
        String output = run("other", EMBEDDED, "load");

        assertContains(output, "ALREADY_LOADED " + EMBEDDED + " " + VERSION, "copies 1");
    }

    @Test
    void adoptsItAlsoWhenItIsTheOneAskedFor() throws Exception {
        String output =
                run(new ChildJvm(Steps.class).libtorch(EMBEDDED), "other", EMBEDDED, "load");

        assertContains(output, "SYSTEM_PROPERTY " + EMBEDDED + " " + VERSION, "copies 1");
    }

    @Test
    void refusesToLoadASecondOne() throws Exception {
        Files.createFile(folder.resolve("libtorch_cpu.so"));

        String output = run("other", EMBEDDED, "loadFrom", folder, "load");

        assertContains(
                output,
                "refused",
                folder.toString(),
                "given by the application",
                EMBEDDED.toString(),
                "ALREADY_LOADED");
    }

    @Test
    void libraryWithoutTheFunctionsIsRefusedBeforeItIsLoaded() throws Exception {
        Files.copy(EMBEDDED.resolve("libgomp.so.1"), folder.resolve("libtorch_cpu.so"));

        String output = run("loadFrom", folder, "load");

        assertContains(
                output,
                "refused",
                folder.resolve("libtorch_cpu.so").toString(),
                "aoti_torch_abi_version",
                "aoti_torch_new_tensor_handle",
                "PyTorch 2.10",
                "EMBEDDED",
                "copies 1");
    }

    @Test
    void reportsWhichPartIsMissing() throws Exception {
        for (String file :
                List.of("libgomp.so.1", "libquadmath.so.0", "libgfortran.so.5", "libc10.so")) {
            Files.copy(EMBEDDED.resolve(file), folder.resolve(file));
        }
        // Too large to copy; its parts are looked for beside the link.
        Path link = folder.resolve("libtorch_cpu.so");
        Files.createSymbolicLink(link, EMBEDDED.resolve("libtorch_cpu.so"));

        String output = run("loadFrom", folder);

        Files.delete(link);
        assertContains(
                output,
                "refused",
                folder.toString(),
                "libopenblas.so.0: cannot open",
                "its folder has to hold");
    }

    @Test
    void doesNotMixPartsOfTwoBuilds() throws Exception {
        Path foreign = folder.resolve("libc10.so");
        Files.copy(EMBEDDED.resolve("libc10.so"), foreign);

        String output = run("otherFile", foreign, "load");

        assertContains(output, "refused", foreign.toString());
    }

    @Test
    void foldersOfTheDynamicLoaderCannotSlipInAnotherPart() throws Exception {
        // Libraries, but not those that their names promise.
        for (String name : List.of("libc10.so", "libopenblas.so.0")) {
            Files.copy(EMBEDDED.resolve("libquadmath.so.0"), folder.resolve(name));
        }
        ProcessBuilder child = new ChildJvm(Steps.class).with("load");
        child.environment().put("LD_LIBRARY_PATH", folder.toString());

        ChildJvm.Ending result = ChildJvm.run(child);

        assertContains(result.output(), "EMBEDDED", "libc10 " + EMBEDDED.resolve("libc10.so"));
    }

    /** Does what its arguments say, one after another. */
    static final class Steps {
        private Steps() {}

        public static void main(String[] args) throws Exception {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "other" -> open(Path.of(args[++i]).resolve("libtorch_cpu.so"));
                    case "otherFile" -> open(Path.of(args[++i]));
                    case "load" -> load(LibTorchOptions.DEFAULT);
                    case "loadFrom" ->
                            load(LibTorchOptions.DEFAULT.withDirectory(Path.of(args[++i])));
                    default -> throw new IllegalArgumentException(args[i]);
                }
            }
        }

        private static void open(Path library) {
            SymbolLookup.libraryLookup(library, Arena.global());
        }

        private static void load(LibTorchOptions options) throws Exception {
            try {
                LibTorch torch = LibTorch.load(options);
                System.out.println(
                        torch.origin() + " " + torch.directory() + " " + torch.version());
                System.out.println(
                        "copies " + ProcMaps.ofThisProcess().filesNamed("libtorch_cpu.so").size());
                System.out.println(
                        "libc10 " + ProcMaps.ofThisProcess().filesNamed("libc10.so").getFirst());
            } catch (IncompatibleModelException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }
}
