package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.core.IncompatibleModelException;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Asks the {@code python3} on the PATH where its torch lies. */
final class PythonTorch {
    private static final String MARK = "torch lies in ";

    // Looking for the package takes milliseconds; importing it would take seconds.
    private static final String SCRIPT =
            "import importlib.util; spec = importlib.util.find_spec('torch'); "
                    + "spec and print('"
                    + MARK
                    + "' + list(spec.submodule_search_locations)[0])";

    private static final int SECONDS = 60;

    private PythonTorch() {}

    /**
     * Returns the folder of the torch package of {@code python3}.
     *
     * @throws IncompatibleModelException if there is no python3, it has no torch, or does not
     *     answer
     */
    static Path folder(SearchContext context) {
        Path python =
                context.paths("PATH").stream()
                        .map(folder -> folder.resolve("python3"))
                        .filter(Files::isExecutable)
                        .findFirst()
                        .orElse(null);
        if (python == null) {
            throw new IncompatibleModelException(
                    "libtorch was to be found through python, but there is no python3 on the PATH");
        }
        String answer = ask(python);
        String line =
                answer.lines().filter(text -> text.startsWith(MARK)).reduce(null, (a, b) -> b);
        if (line == null) {
            String said = answer.isBlank() ? "" : "; it said: " + answer.strip();
            throw new IncompatibleModelException(
                    python + " has no torch to take libtorch from" + said);
        }
        return Path.of(line.substring(MARK.length()));
    }

    private static String ask(Path python) {
        try {
            Process process =
                    new ProcessBuilder(python.toString(), "-c", SCRIPT)
                            // Python looks for packages in the current folder first.
                            .directory(new File("/"))
                            .redirectErrorStream(true)
                            .start();
            process.getOutputStream().close();
            // The answer fits the pipe's buffer.
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IncompatibleModelException(
                        python + " did not say within a minute where its torch lies");
            }
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IncompatibleModelException(
                    python + " could not be asked where its torch lies: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IncompatibleModelException(
                    "interrupted while asking " + python + " where its torch lies", e);
        }
    }
}
