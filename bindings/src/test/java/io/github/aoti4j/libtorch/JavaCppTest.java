package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.ProcMaps;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** JavaCPP's PyTorch, which loads a libtorch of its own, in one process with ours. */
@NeedsLibTorch
class JavaCppTest {
    /** The build puts its jars there, which the other tests must not see. */
    private static final Path JARS = Path.of("target/javacpp").toAbsolutePath();

    private static final String CACHE = "-Dorg.bytedeco.javacpp.cachedir=";

    private static ChildJvm.Ending run(List<String> options, String... steps) throws Exception {
        var child =
                new ChildJvm(Steps.class)
                        .options("-cp", System.getProperty("java.class.path") + ":" + JARS + "/*")
                        .options(options.toArray(String[]::new));
        return ChildJvm.run(child.with((Object[]) steps));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ours javacpp ours", "javacpp ours javacpp"})
    void bothOrdersUseOneLibtorch(String steps) throws Exception {
        Path cache = JARS.resolve("cache");

        var result = run(List.of(CACHE + cache), steps.split(" "));

        assertEquals(0, result.exitCode(), result.output());
        assertTrue(result.output().contains("ours 2.10.0 in " + cache), result.output());
        assertTrue(result.output().contains("javacpp 12.0"), result.output());
        assertTrue(result.output().contains("copies 1"), result.output());
        assertFalse(result.output().contains("WARNING"), result.output());
    }

    @Test
    void anotherLibtorchIsUsedWithAWarning() throws Exception {
        LibTorch own = LibTorch.load();

        var result = run(List.of("-Daoti.libtorch=" + own.directory()), "ours");

        assertEquals(0, result.exitCode(), result.output());
        String ours = "ours " + own.version() + " in " + own.directory();
        assertTrue(result.output().contains(ours), result.output());
        assertTrue(result.output().contains("WARNING"), result.output());
        assertTrue(
                result.output().contains("initialize the class org.bytedeco.pytorch.global.torch"),
                result.output());
    }

    @Test
    void whereJavaCppCannotUnpackOurOwnCopyIsUsedWithAWarning() throws Exception {
        // A file: no folder can be made below it.
        Path unusable = Files.createTempFile("javacpp", "");
        try {
            Path own = LibTorch.load().directory().resolve("../..").normalize();
            List<String> options =
                    List.of(
                            CACHE + unusable.resolve("cache"),
                            "-Duser.home=" + unusable,
                            "-Djava.io.tmpdir=" + unusable,
                            "-Daoti.cache=" + own);

            var result = run(options, "ours");

            assertEquals(0, result.exitCode(), result.output());
            assertTrue(result.output().contains("aoti4j uses a copy of its own"), result.output());
        } finally {
            Files.delete(unusable);
        }
    }

    /** Does what its arguments say, one after another. */
    static final class Steps {
        private Steps() {}

        public static void main(String[] args) throws Exception {
            for (String step : args) {
                switch (step) {
                    case "ours" -> {
                        LibTorch torch = LibTorch.load();
                        System.out.println("ours " + torch.version() + " in " + torch.directory());
                    }
                    case "javacpp" -> System.out.println("javacpp " + product());
                    default -> throw new IllegalArgumentException(step);
                }
            }
            System.out.println(
                    "copies " + ProcMaps.ofThisProcess().filesNamed("libtorch_cpu.so").size());
        }

        /** The sum of a product of matrices of ones, computed by JavaCPP's PyTorch. */
        private static Object product() throws ReflectiveOperationException {
            Class<?> torch = Class.forName("org.bytedeco.pytorch.global.torch");
            Class<?> tensor = Class.forName("org.bytedeco.pytorch.Tensor");
            Object ones = torch.getMethod("ones", long[].class).invoke(null, new long[] {2, 3});
            Object turned = tensor.getMethod("t").invoke(ones);
            Object product = torch.getMethod("matmul", tensor, tensor).invoke(null, ones, turned);
            Object sum = tensor.getMethod("sum").invoke(product);
            return tensor.getMethod("item_float").invoke(sum);
        }
    }
}
