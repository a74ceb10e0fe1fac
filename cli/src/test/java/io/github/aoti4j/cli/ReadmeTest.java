package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;

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
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The README's examples compile as they stand, and answer. */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");
    private static final Path KWARGS = Path.of("../runtime/src/test/fixtures/kwargs/kwargs.pt2");

    private static final Path ADD_ONE = Path.of("../runtime/src/test/fixtures/add_one/add_one.pt2");

    private static final Path HALVES =
            Path.of("../runtime/src/test/fixtures/custom_int/custom_int.pt2");

    @TempDir private Path folder;

    @Test
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

    /** All examples, with the imports that they state. */
    @Test
    void allExamplesCompile() throws Exception {
        Matcher examples =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                        .matcher(Files.readString(README));
        Set<String> names = new TreeSet<>();
        while (examples.find()) {
            Matcher name = Pattern.compile("(?m)^class (\\w+)").matcher(examples.group(1));
            assertTrue(name.find(), () -> "no class, and so no imports: " + examples.group(1));
            try (URLClassLoader loader = compile(name.group(1))) {
                names.add(loader.loadClass(name.group(1)).getName());
            }
        }
        assertTrue(
                names.containsAll(Set.of("Example", "CudaExample", "PinnedExample")),
                names::toString);
    }

    @Test
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
        String readme = Files.readString(README);
        int declaration = readme.indexOf("\nclass " + name + " {");
        assertTrue(declaration >= 0, "the README has no example " + name);
        int start = readme.lastIndexOf("```java\n", declaration) + "```java\n".length();
        return readme.substring(start, readme.indexOf("```", declaration));
    }

    private static int indexOfLargest(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return best;
    }
}
