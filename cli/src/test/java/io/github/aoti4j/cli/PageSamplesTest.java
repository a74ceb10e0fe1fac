package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The samples of all pages compile as they stand; those that fixtures can run give answers. */
class PageSamplesTest {
    private static final Path KWARGS = Path.of("../runtime/src/test/fixtures/kwargs/kwargs.pt2");

    private static final Path ADD_ONE = Path.of("../runtime/src/test/fixtures/add_one/add_one.pt2");

    private static final Path HALVES =
            Path.of("../runtime/src/test/fixtures/custom_int/custom_int.pt2");

    private static final Pattern DEPENDENCY =
            Pattern.compile(
                    "<artifactId>(?<artifact>[^<]*)</artifactId>\\s*<version>(?<version>[^<]*)</version>");

    @TempDir private Path folder;

    @Test
    @NeedsLibTorch
    void exampleCompilesAndAnswers() throws Exception {
        try (Digits digits = Digits.open();
                Arena arena = Arena.ofConfined();
                URLClassLoader loader = compile("Example")) {
            Tensor images = digits.images(arena);
            float[] first = Arrays.copyOf(images.toFloatArray(), 64);
            Method classify =
                    loader.loadClass("Example")
                            .getDeclaredMethod("classify", Path.class, float[].class);
            classify.setAccessible(true);
            float[] scores = (float[]) classify.invoke(null, digits.modelFile(), first);
            assertEquals(digits.labels(arena)[0], indexOfLargest(scores));
        }
    }

    @Test
    @NeedsLibTorch
    void runnerExampleCompilesAndAnswers() throws Exception {
        try (Model model = Model.load(ADD_ONE);
                URLClassLoader loader = compile("RunnerExample")) {
            Method increments =
                    loader.loadClass("RunnerExample")
                            .getDeclaredMethod("increments", Model.class, int.class);
            increments.setAccessible(true);
            float[] results = (float[]) increments.invoke(null, model, 8);
            assertEquals(8, results[0]);
            assertEquals(1, results[79]);
        }
    }

    /** With the imports that they state. */
    @Test
    void allSamplesCompile() throws Exception {
        Map<String, String> samples = samples();
        for (String name : samples.keySet()) {
            try (URLClassLoader loader = compile(name)) {
                assertEquals(name, loader.loadClass(name).getName());
            }
        }
        assertTrue(
                samples.keySet().containsAll(Set.of("Example", "CudaExample", "PinnedExample")),
                () -> samples.keySet().toString());
    }

    /** The dependencies that pages tell readers to add are those of this version. */
    @Test
    void dependenciesHaveTheVersionsOfTheBuild() throws Exception {
        Map<String, String> versions = Poms.versions();
        List<String> wrong = new ArrayList<>();
        Set<String> artifacts = new TreeSet<>();
        for (Page page : Page.all()) {
            for (String block : page.blocks("xml")) {
                Matcher dependency = DEPENDENCY.matcher(block);
                while (dependency.find()) {
                    artifacts.add(dependency.group("artifact"));
                    String expected = versions.get(dependency.group("artifact"));
                    if (!dependency.group("version").equals(expected)) {
                        wrong.add(page.name() + ": " + dependency.group() + " is " + expected);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertEquals(
                Set.of("aoti4j", "aoti4j-bom", "aoti4j-libtorch-cpu", "aoti4j-spark"), artifacts);
    }

    @Test
    @NeedsLibTorch
    void nestedExampleCompilesAndAnswers() throws Exception {
        try (Model model = Model.load(KWARGS);
                Arena arena = Arena.ofConfined();
                URLClassLoader loader = compile("NestedExample")) {
            Method call =
                    loader.loadClass("NestedExample")
                            .getDeclaredMethod(
                                    "call",
                                    Model.class,
                                    Arena.class,
                                    Tensor.class,
                                    Tensor.class,
                                    Tensor.class);
            call.setAccessible(true);
            Tensor x = Tensor.of(arena, new float[] {2, 4, 6}, 3);
            Tensor ones = Tensor.of(arena, new float[] {1, 1, 1}, 3);
            Object result = call.invoke(null, model, arena, x, x, ones);
            Method product = result.getClass().getDeclaredMethod("product");
            product.setAccessible(true);
            assertArrayEquals(
                    new float[] {1, 2, 3}, ((Tensor) product.invoke(result)).toFloatArray());
        }
    }

    @Test
    @NeedsLibTorch
    void operatorExampleCompilesAndAnswers() throws Exception {
        try (Arena arena = Arena.ofConfined();
                URLClassLoader loader = compile("OperatorExample")) {
            Method run =
                    loader.loadClass("OperatorExample")
                            .getDeclaredMethod("run", Path.class, Arena.class, Tensor.class);
            run.setAccessible(true);
            Tensor x = Tensor.of(arena, new float[] {0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12}, 3, 4);
            List<?> outputs = (List<?>) run.invoke(null, HALVES, arena, x);
            // The model adds the integer that the operator gave.
            assertArrayEquals(
                    new float[] {4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7},
                    ((Tensor) outputs.getFirst()).toFloatArray());
        }
    }

    /** Compiles the example that declares a class; the loader finds it. */
    private URLClassLoader compile(String name) throws IOException {
        Path source = Files.writeString(folder.resolve(name + ".java"), example(name));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        boolean compiled =
                compiler.getTask(
                                messages,
                                null,
                                null,
                                List.of(
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        "-d",
                                        folder.toString()),
                                null,
                                compiler.getStandardFileManager(null, null, null)
                                        .getJavaFileObjects(source))
                        .call();
        assertTrue(compiled, messages::toString);
        return new URLClassLoader(new URL[] {folder.toUri().toURL()});
    }

    private static String example(String name) throws IOException {
        String sample = samples().get(name);
        assertNotNull(sample, "no page has a sample " + name);
        return sample;
    }

    /** The Java samples of all pages by the class that each declares. */
    private static Map<String, String> samples() throws IOException {
        Map<String, String> samples = new TreeMap<>();
        for (Page page : Page.all()) {
            for (String block : page.blocks("java")) {
                if (block.contains("import org.apache.spark.")) {
                    // SparkPagesTest compiles and runs them, where Spark is on the class path.
                    continue;
                }
                Matcher name = Pattern.compile("(?m)^class (\\w+)").matcher(block);
                assertTrue(
                        name.find(), () -> page.name() + ": no class, and so no imports: " + block);
                String before = samples.put(name.group(1), block);
                assertNull(before, () -> page.name() + ": a second sample " + name.group(1));
            }
        }
        return samples;
    }

    private static int indexOfLargest(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return best;
    }
}
