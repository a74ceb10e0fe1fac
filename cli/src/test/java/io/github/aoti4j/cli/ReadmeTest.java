package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The README's example compiles as it stands, and reads a digit. */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");

    @TempDir private Path folder;

    @Test
    void exampleCompilesAndAnswers() throws Exception {
        Path source = Files.writeString(folder.resolve("Example.java"), example());
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

        try (Digits digits = Digits.open();
                Arena arena = Arena.ofConfined();
                URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
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

    private static String example() throws IOException {
        String readme = Files.readString(README);
        int start = readme.indexOf("```java\n");
        int end = readme.indexOf("```", start + 8);
        assertTrue(start >= 0 && end > start, "the README has no Java example");
        return readme.substring(start + 8, end);
    }

    private static int indexOfLargest(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return best;
    }
}
