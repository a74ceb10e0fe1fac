package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Progress;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
    private static final Duration TIMEOUT = Duration.ofMinutes(30);

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
        for (String folder : first(environment.apply("PATH"), "").split(":", -1)) {
            Path path = path("PATH", folder);
            if (path != null && path.isAbsolute()) {
                searchPath.add(path);
            }
        }
        return new CompileSettings(
                compiler.isBlank() ? List.of() : List.of(compiler.strip().split("\\s+")),
                path("aoti.include", includes),
                timeout(properties.apply("aoti.compile.timeout")),
                List.copyOf(searchPath),
                Progress.NONE);
    }

    private static String first(String... values) {
        for (String value : values) {
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return "";
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
            return TIMEOUT;
        }
        if (!seconds.matches("[1-9][0-9]{0,8}")) {
            throw new AotiException(
                    "aoti.compile.timeout is \"%s\"; it must be a number of seconds"
                            .formatted(seconds));
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    /**
     * Returns these settings with a compiler: a path, a name on the PATH, or null to keep what is
     * set.
     */
    public CompileSettings withCompiler(Path program) {
        return program == null
                ? this
                : new CompileSettings(
                        List.of(program.toString()), includes, timeout, searchPath, progress);
    }

    /** Returns these settings with the folder of headers; null keeps what is set. */
    public CompileSettings withIncludes(Path folder) {
        return folder == null
                ? this
                : new CompileSettings(compiler, folder, timeout, searchPath, progress);
    }

    public CompileSettings withProgress(Progress listener) {
        return new CompileSettings(compiler, includes, timeout, searchPath, listener);
    }
}
