package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.weights.TensorData;
import io.github.aoti4j.weights.files.SafetensorsFile;
import io.github.aoti4j.weights.files.SafetensorsWriter;
import io.github.aoti4j.weights.files.WeightFiles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JVM that does not let this library call native code, or not all of it. */
@NeedsLibTorch
class NativeAccessTest {
    private static final String DENY = "--illegal-native-access=deny";
    private static final String MODULE = "io.github.aoti4j";
    private static final String BOTH =
            "--enable-native-access=io.github.aoti4j.bindings,io.github.aoti4j";

    @Test
    void everyEntryPointNamesTheOptionForTheClassPath() throws Exception {
        String output = run(onClassPath(DENY, Entries.class, "--enable-native-access=ALL-UNNAMED"));

        assertTrue(output.contains("refused Model.load"), output);
        assertFalse(output.contains("otherwise"), output);
    }

    @Test
    void everyEntryPointNamesTheOptionForTheModulePath() throws Exception {
        String output = run(onModulePath(DENY, Entries.class, BOTH));

        assertTrue(output.contains("refused Model.load"), output);
        assertFalse(output.contains("otherwise"), output);
    }

    @Test
    void aModuleThatIsLeftOutIsRefusedBeforeTheModelIsLoaded() throws Exception {
        String bindings = "--enable-native-access=io.github.aoti4j.bindings";

        String output = run(onModulePath(bindings, DENY, Entries.class, BOTH));

        assertTrue(output.contains("refused Model.load"), output);
        assertTrue(output.contains("works ModelPackage.open"), output);
    }

    @ParameterizedTest
    @ValueSource(strings = {DENY, "--illegal-native-access=warn"})
    void theOptionsOfThePageAreEnough(String mode) throws Exception {
        String page = Files.readString(Path.of("../docs/libtorch.md"));
        String unnamed = "--enable-native-access=ALL-UNNAMED";
        assertTrue(page.contains('`' + unnamed + '`'));
        assertTrue(page.contains('`' + BOTH + '`'));

        for (String output :
                List.of(
                        run(onClassPath(unnamed, mode, Work.class)),
                        run(onModulePath(BOTH, mode, Work.class)))) {
            assertTrue(output.contains("done"), output);
            assertFalse(output.contains("WARNING"), output);
        }
    }

    private static String run(List<String> command) throws Exception {
        var ending = ChildJvm.run(new ProcessBuilder(command).redirectErrorStream(true));
        assertEquals(0, ending.exitCode(), ending.output());
        return ending.output();
    }

    /** Options come before the class, arguments after it. */
    private static List<String> onClassPath(Object... rest) {
        return command(List.of("-cp", System.getProperty("java.class.path")), rest);
    }

    /** The tests become part of the module whose package they are in. */
    private static List<String> onModulePath(Object... rest) {
        List<String> modules = new ArrayList<>();
        List<String> others = new ArrayList<>();
        List<String> tests = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            String name = Path.of(entry).getFileName().toString();
            boolean jar = name.endsWith(".jar");
            boolean ours = name.startsWith("aoti4j-") && !name.endsWith("-tests.jar");
            if (entry.contains("test-support")) {
                others.add(entry);
            } else if (jar ? ours || name.startsWith("jackson-") : name.equals("classes")) {
                modules.add(entry);
            } else if (entry.endsWith("/runtime/target/test-classes")) {
                tests.add(entry);
            } else {
                others.add(entry);
            }
        }
        return command(
                List.of(
                        "-p",
                        String.join(":", modules),
                        "-cp",
                        String.join(":", others),
                        "--patch-module",
                        MODULE + "=" + String.join(":", tests),
                        "--add-reads",
                        MODULE + "=ALL-UNNAMED",
                        "--add-modules",
                        MODULE),
                Arrays.stream(rest)
                        .map(part -> part instanceof Class<?> main ? inModule(main) : part)
                        .toArray());
    }

    private static String inModule(Class<?> main) {
        return "--module=" + MODULE + "/" + main.getName();
    }

    private static List<String> command(List<String> paths, Object... rest) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
        command.addAll(paths);
        Arrays.stream(rest).map(NativeAccessTest::argument).forEach(command::add);
        return command;
    }

    private static String argument(Object part) {
        return part instanceof Class<?> main ? main.getName() : part.toString();
    }

    /** Enters everywhere, each time for the first time in its process and then once more. */
    static final class Entries {
        private static final Path PACKAGE = Fixture.of("mlp").path();
        private static final Path TENSORS =
                Fixture.of("mlp").folder().resolve("batch1.inputs.safetensors");

        private Entries() {}

        private interface Entry {
            Object enter() throws IOException;
        }

        private static Map<String, Entry> entries() {
            Map<String, Entry> entries = new LinkedHashMap<>();
            entries.put("Tensor.of", () -> Tensor.of(Arena.global(), new float[2], 2));
            entries.put("Tensor.zeros", () -> Tensor.zeros(Arena.global(), DType.FLOAT32, 2));
            entries.put(
                    "Tensor.wrap", () -> Tensor.wrap(Arena.global().allocate(8), DType.FLOAT32, 2));
            entries.put(
                    "Tensor.empty on a device",
                    () -> Tensor.empty(Arena.global(), Device.cuda(0), DType.FLOAT32, 2));
            entries.put("Tensor.pinned", () -> Tensor.pinned(Arena.global(), DType.FLOAT32, 2));
            entries.put("ModelOptions", () -> ModelOptions.defaults().runners(2));
            entries.put("ModelPackage.open", () -> ModelPackage.open(PACKAGE));
            entries.put("ModelPackage.open of memory", () -> ModelPackage.open(bytes()));
            entries.put("Model.load", () -> Model.load(PACKAGE));
            entries.put("Model.load of memory", () -> Model.load(bytes(), ModelOptions.defaults()));
            entries.put("GuardedModel.load", () -> GuardedModel.load(PACKAGE));
            entries.put("SafetensorsFile.open", () -> SafetensorsFile.open(TENSORS));
            entries.put("WeightFiles.open", () -> WeightFiles.open(TENSORS));
            entries.put("SafetensorsWriter.write", Entries::write);
            entries.put("ModelCache", () -> ModelCache.ofProcess().entries());
            entries.put(
                    "LibTorchLocator.locate",
                    () -> LibTorchLocator.ofProcess().locate(LibTorchOptions.DEFAULT));
            entries.put("LibTorch.load", LibTorch::load);
            entries.put(
                    "LibTorch.load with threads",
                    () -> LibTorch.load(LibTorchOptions.DEFAULT.withThreads(1)));
            entries.put("OperatorLibrary.create", OperatorLibrary::create);
            entries.put("Cuda.devices", Cuda::devices);
            entries.put("Cuda.isAvailable", Cuda::isAvailable);
            entries.put("CudaStream.create", () -> CudaStream.create(Device.cuda(0)));
            entries.put("CudaEvent.create", () -> CudaEvent.create(Device.cuda(0)));
            return entries;
        }

        private static MemorySegment bytes() throws IOException {
            return MemorySegment.ofArray(Files.readAllBytes(PACKAGE));
        }

        private static Object write() throws IOException {
            Path file = Files.createTempFile("native-access", ".safetensors");
            try {
                MemorySegment data = MemorySegment.ofArray(new byte[8]);
                SafetensorsWriter.write(
                        file, Map.of("x", new TensorData(DType.FLOAT32, new long[] {2}, data)));
                return file;
            } finally {
                Files.delete(file);
            }
        }

        public static void main(String[] args) throws IOException {
            for (var entry : entries().entrySet()) {
                for (int i = 0; i < 2; i++) {
                    String what = entry.getKey();
                    try {
                        Object _ = entry.getValue().enter();
                        System.out.println("works " + what);
                    } catch (IncompatibleModelException e) {
                        boolean named = e.getMessage().contains(args[0]);
                        System.out.println((named ? "refused " : "otherwise ") + what + ": " + e);
                    }
                }
            }
        }
    }

    /** Loads and runs a model. */
    static final class Work {
        private Work() {}

        public static void main(String[] args) {
            for (var job : Tenant.Job.values()) {
                job.work();
            }
            System.out.println("done");
        }
    }
}
