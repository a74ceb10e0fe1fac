package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Progress;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What to compile with. Immutable.
 *
 * @param compiler the compiler and the first of its arguments, as the user gave them; empty to look
 *     for one
 * @param includes the folder of PyTorch's headers, the one that holds {@code torch/csrc}; null for
 *     the one beside libtorch
 * @param timeout how long a compiler may take
 */
public record CompileSettings(
        List<String> compiler,
        Path includes,
        Duration timeout,
        List<Path> searchPath,
        Progress progress) {
    /**
     * Returns the settings of this process: {@code -Daoti.compiler} or {@code CXX}, {@code
     * -Daoti.include} or {@code AOTI_INCLUDE}, {@code -Daoti.compile.timeout} in seconds.
     *
     * @throws AotiException if a setting makes no sense
     */
    public static CompileSettings ofProcess() {
        return of(System::getProperty, System::getenv);
    }

    static CompileSettings of(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        String compiler = first(properties.apply("aoti.compiler"), environment.apply("CXX"));
        String includes =
                first(properties.apply("aoti.include"), environment.apply("AOTI_INCLUDE"));
        List<Path> searchPath = new ArrayList<>();
        for (String name : first(environment.apply("PATH"), null).split(":", -1)) {
            Path folder = path("PATH", name);
            if (folder != null && folder.isAbsolute()) {
                searchPath.add(folder);
            }
        }
        return new CompileSettings(
                compiler.isBlank() ? List.of() : List.of(compiler.strip().split("\\s+")),
                path("aoti.include", includes),
                timeout(properties.apply("aoti.compile.timeout")),
                List.copyOf(searchPath),
                Progress.NONE);
    }

    private static String first(String value, String other) {
        if (value != null && !value.isEmpty()) {
            return value;
        }
        return other == null ? "" : other;
    }

    private static Path path(String setting, String value) {
        try {
            return value.isEmpty() ? null : Path.of(value);
        } catch (InvalidPathException e) {
            throw new AotiException(setting + " is no path: " + e.getMessage(), e);
        }
    }

    private static Duration timeout(String seconds) {
        if (seconds == null || seconds.isEmpty()) {
            return Duration.ofMinutes(30);
        }
        if (!seconds.matches("[1-9][0-9]{0,8}")) {
            throw new AotiException(
                    "aoti.compile.timeout is \"%s\"; it must be a number of seconds"
                            .formatted(seconds));
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    /**
     * Returns these settings with a compiler (a path, or a name on the PATH) and headers, if set.
     */
    public CompileSettings with(Optional<Path> program, Optional<Path> folder, Progress listener) {
        return new CompileSettings(
                program.isPresent() ? List.of(program.get().toString()) : compiler,
                folder.orElse(includes),
                timeout,
                searchPath,
                listener);
    }
}
