package io.github.aoti4j.libtorch;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The jars on the module path. Jars of natives are modules that no other module requires: the JVM
 * leaves them out, and no class loader finds anything in them.
 */
final class ModulePath {
    private ModulePath() {}

    /** Returns a class loader that finds resources in all of the jars, and has no parent. */
    static URLClassLoader loader(List<Path> elements) {
        List<URL> jars = new ArrayList<>();
        for (Path element : elements) {
            for (Path jar : jars(element)) {
                try {
                    jars.add(jar.toUri().toURL());
                } catch (MalformedURLException e) {
                    throw new IllegalArgumentException(jar.toString(), e);
                }
            }
        }
        return new URLClassLoader("aoti4j module path", jars.toArray(URL[]::new), null);
    }

    /** An element is a jar or a folder of jars. */
    private static List<Path> jars(Path element) {
        if (!Files.isDirectory(element)) {
            return List.of(element);
        }
        try (Stream<Path> files = Files.list(element)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
