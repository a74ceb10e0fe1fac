package io.github.aoti4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The sources of the repository, as the tests of its pages look at them. */
final class Sources {
    private static final List<String> MODULES =
            List.of(
                    "bindings",
                    "weights",
                    "runtime",
                    "cli",
                    "jmh",
                    "integrations/micrometer",
                    "integrations/spark");

    private Sources() {}

    /** Returns what a pattern's group finds in the hand-written main sources. */
    static Set<String> inMain(Pattern pattern) throws IOException {
        return in(main(), pattern);
    }

    /** Returns what a pattern's group finds in all sources, tests too. */
    static Set<String> inAll(Pattern pattern) throws IOException {
        return in(all(), pattern);
    }

    private static Set<String> in(List<Path> files, Pattern pattern) throws IOException {
        Set<String> found = new TreeSet<>();
        for (Path file : files) {
            pattern.matcher(Files.readString(file)).results().forEach(m -> found.add(m.group(1)));
        }
        return found;
    }

    /** Returns the text of the hand-written main sources. */
    static String mainText() throws IOException {
        StringBuilder text = new StringBuilder();
        for (Path file : main()) {
            text.append(Files.readString(file));
        }
        return text.toString();
    }

    /** Returns the simple names of all classes that have a file of their own, tests too. */
    static Set<String> classes() throws IOException {
        Set<String> names = new TreeSet<>();
        all().forEach(file -> names.add(file.getFileName().toString().replace(".java", "")));
        return names;
    }

    /** Returns the packages below the root package that modules have, generated ones as one. */
    static Set<String> packages(String... modules) {
        Set<String> packages = new TreeSet<>();
        for (String module : modules) {
            for (String sources : List.of("main", "generated")) {
                Path root = Page.ROOT.resolve(module + "/src/" + sources + "/java");
                for (Path file : javaFiles(root)) {
                    String name = root.relativize(file.getParent()).toString().replace('/', '.');
                    packages.add(
                            name.replaceAll("^io\\.github\\.aoti4j\\.?", "")
                                    .replaceAll("^(bindings\\.generated).*", "$1"));
                }
            }
        }
        packages.remove("");
        return packages;
    }

    private static List<Path> all() throws IOException {
        try (Stream<Path> modules = Files.list(Page.ROOT);
                Stream<Path> more = Files.list(Page.ROOT.resolve("integrations"))) {
            return Stream.concat(modules, more)
                    .flatMap(module -> javaFiles(module.resolve("src")).stream())
                    .toList();
        }
    }

    private static List<Path> main() {
        return MODULES.stream()
                .flatMap(module -> javaFiles(Page.ROOT.resolve(module + "/src/main")).stream())
                .toList();
    }

    private static List<Path> javaFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
