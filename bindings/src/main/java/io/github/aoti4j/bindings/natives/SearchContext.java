package io.github.aoti4j.bindings.natives;

import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.cache.UserCache;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The inputs of the search for native libraries, which tests replace.
 *
 * @param properties returns system properties, or null
 * @param environment returns environment variables, or null
 * @param classLoaders those that may find natives, best first
 * @param libraryFolders the system's, after those of {@code LD_LIBRARY_PATH}
 */
public record SearchContext(
        UnaryOperator<String> properties,
        UnaryOperator<String> environment,
        List<ClassLoader> classLoaders,
        UserCache cache,
        List<Path> libraryFolders) {

    /** Those of this process and the calling thread. */
    public static SearchContext ofProcess() {
        return new SearchContext(
                System::getProperty,
                System::getenv,
                Stream.of(
                                Thread.currentThread().getContextClassLoader(),
                                SearchContext.class.getClassLoader(),
                                ClassLoader.getSystemClassLoader())
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList(),
                UserCache.ofProcess(),
                Platform.LIBRARY_FOLDERS);
    }

    /** Returns a property's value, null if it is not set or empty. */
    public String property(String name) {
        return emptyToNull(properties.apply(name));
    }

    /** Returns a variable's value, null if it is not set or empty. */
    public String variable(String name) {
        return emptyToNull(environment.apply(name));
    }

    /**
     * Returns a loader of the resources in all jars of the module path. Jars of natives are modules
     * that no other module requires: the JVM leaves them out, and no class loader of its own finds
     * anything in them.
     */
    public URLClassLoader modulePathLoader() {
        String value = property("jdk.module.path");
        Stream<String> elements =
                value == null ? Stream.empty() : Stream.of(value.split(File.pathSeparator));
        URL[] jars =
                elements.map(SearchContext::path)
                        .filter(Objects::nonNull)
                        .flatMap(element -> jars(element).stream())
                        .map(SearchContext::url)
                        .toArray(URL[]::new);
        return new URLClassLoader("aoti4j module path", jars, null);
    }

    /** An element of the module path is a jar or a folder of jars. */
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

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(jar.toString(), e);
        }
    }

    /** Returns the folders of {@code LD_LIBRARY_PATH}, then the system's own. */
    public List<Path> systemFolders() {
        return Stream.concat(paths("LD_LIBRARY_PATH").stream(), libraryFolders.stream())
                .distinct()
                .toList();
    }

    /** Returns the absolute folders of a variable such as {@code PATH}. */
    public List<Path> paths(String variable) {
        String value = variable(variable);
        if (value == null) {
            return List.of();
        }
        // An empty or relative element means the current folder: no place to load code from.
        return Arrays.stream(value.split(File.pathSeparator))
                .filter(element -> element.startsWith("/"))
                .map(SearchContext::path)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Returns a path, null if the text cannot be one. */
    public static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static String emptyToNull(String value) {
        return value == null || value.isEmpty() ? null : value;
    }
}
