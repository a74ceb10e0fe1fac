package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.cache.UserCache;

import java.io.File;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * All that finding libtorch depends on outside its own code, so that tests can bring their own.
 *
 * @param properties answers system properties, or null
 * @param environment answers environment variables, or null
 * @param classLoaders where natives may lie, best first
 * @param libraryFolders where the system keeps libraries, after those of {@code LD_LIBRARY_PATH}
 */
record SearchContext(
        UnaryOperator<String> properties,
        UnaryOperator<String> environment,
        List<ClassLoader> classLoaders,
        UserCache cache,
        List<Path> libraryFolders) {

    /** Those of this process and the calling thread. */
    static SearchContext ofProcess() {
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
    String property(String name) {
        return emptyToNull(properties.apply(name));
    }

    /** Returns a variable's value, null if it is not set or empty. */
    String variable(String name) {
        return emptyToNull(environment.apply(name));
    }

    /** Returns the elements of the path on which the application's modules are. */
    List<Path> modulePath() {
        String value = property("jdk.module.path");
        return value == null
                ? List.of()
                : Arrays.stream(value.split(File.pathSeparator))
                        .map(SearchContext::path)
                        .filter(Objects::nonNull)
                        .toList();
    }

    /** Returns the folders of {@code LD_LIBRARY_PATH}, then the system's own. */
    List<Path> systemFolders() {
        List<Path> folders = new ArrayList<>(paths("LD_LIBRARY_PATH"));
        folders.addAll(libraryFolders);
        return folders.stream().distinct().toList();
    }

    /** Returns the absolute folders of a variable such as {@code PATH}. */
    List<Path> paths(String variable) {
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
    static Path path(String text) {
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
