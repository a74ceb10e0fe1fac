package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.IncompatibleModelException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A C++ compiler, and the headers of PyTorch.
 *
 * @param command the compiler's path, and what every call of it starts with
 * @param includes the folder that holds {@code torch/csrc}
 * @param libtorch the folder that holds {@code libtorch_cpu.so}
 */
record Toolchain(List<String> command, String version, Path includes, Path libtorch) {
    /** What generated source includes first. */
    static final String HEADER = "torch/csrc/inductor/aoti_runtime/model_container.h";

    private static final List<String> COMPILERS = List.of("g++", "c++", "clang++");
    private static final Duration ANSWER = Duration.ofSeconds(20);

    /** A toolchain, or what is missing, and what to do. */
    record Search(Optional<Toolchain> toolchain, List<String> problems) {
        Toolchain orElseThrow(String model) {
            return toolchain.orElseThrow(
                    () ->
                            new IncompatibleModelException(
                                    "%s was packaged as source only (package_cpp_only) and cannot be compiled here:\n  %s"
                                            .formatted(model, String.join("\n  ", problems))));
        }
    }

    /** Looks for a compiler and headers, for the libtorch in that folder. */
    static Search find(CompileSettings settings, String preferred, Path libtorch) {
        List<String> problems = new ArrayList<>();
        List<String> command = compiler(settings, preferred, problems);
        String version = command.isEmpty() ? "" : version(command, problems);
        Path includes = includes(settings, libtorch, problems);
        return problems.isEmpty()
                ? new Search(
                        Optional.of(new Toolchain(command, version, includes, libtorch)), List.of())
                : new Search(Optional.empty(), List.copyOf(problems));
    }

    private static List<String> compiler(
            CompileSettings settings, String preferred, List<String> problems) {
        if (!settings.compiler().isEmpty()) {
            String program = settings.compiler().getFirst();
            Optional<Path> found = program(program, settings.searchPath());
            if (found.isEmpty()) {
                problems.add(
                        "the compiler %s (ModelOptions.compiler, --compiler, -Daoti.compiler or CXX) is no program here"
                                .formatted(program));
                return List.of();
            }
            List<String> command = new ArrayList<>(settings.compiler());
            command.set(0, found.get().toString());
            return List.copyOf(command);
        }
        List<String> names =
                Stream.concat(Stream.of(preferred), COMPILERS.stream())
                        .filter(COMPILERS::contains)
                        .distinct()
                        .toList();
        for (String name : names) {
            Optional<Path> found = program(name, settings.searchPath());
            if (found.isPresent()) {
                return List.of(found.get().toString());
            }
        }
        problems.add(
                "there is no C++ compiler on the PATH (%s); install g++ 11 or later, or name one with -Daoti.compiler or CXX, or compile the package elsewhere with \"aoti compile\""
                        .formatted(String.join(", ", names)));
        return List.of();
    }

    private static Optional<Path> program(String name, List<Path> searchPath) {
        if (name.contains("/")) {
            return Optional.of(Path.of(name).toAbsolutePath()).filter(Toolchain::isProgram);
        }
        return searchPath.stream()
                .map(folder -> folder.resolve(name))
                .filter(Toolchain::isProgram)
                .findFirst();
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }

    private static String version(List<String> command, List<String> problems) {
        List<String> asking = new ArrayList<>(command);
        asking.add("--version");
        try {
            var answer = CompilerProcess.run(asking, Path.of("/"), ANSWER);
            if (answer.exit() == 0 && !answer.output().isEmpty()) {
                return answer.output();
            }
            problems.add(
                    "%s does not print its version: exit status %d, %s"
                            .formatted(command.getFirst(), answer.exit(), answer.output()));
        } catch (IOException e) {
            problems.add("%s cannot be run: %s".formatted(command.getFirst(), e.getMessage()));
        }
        return "";
    }

    private static Path includes(CompileSettings settings, Path libtorch, List<String> problems) {
        List<Path> places = new ArrayList<>();
        if (settings.includes() != null) {
            places.add(settings.includes().toAbsolutePath());
        } else {
            // As pip's torch and the unpacked libtorch have it: lib and include side by side.
            if (libtorch.getParent() != null) {
                places.add(libtorch.getParent().resolve("include"));
            }
            places.add(libtorch.resolve("include"));
        }
        for (Path place : places) {
            if (Files.isRegularFile(place.resolve(HEADER))) {
                return place;
            }
        }
        problems.add(
                "PyTorch's C++ headers are not here: no %s in %s; name their folder with -Daoti.include=DIR, AOTI_INCLUDE, --include or ModelOptions.includes (a pip-installed PyTorch has them in torch/include, the Maven artifacts do not), or use that PyTorch's libtorch with -Daoti.libtorch=DIR"
                        .formatted(
                                HEADER,
                                String.join(" or ", places.stream().map(Path::toString).toList())));
        return null;
    }

    /** The compiler's version, in one line. */
    String name() {
        return version.lines().findFirst().orElse("");
    }
}
