package io.github.aoti4j.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A JVM of its own for a main class of the tests, which may be starved, killed or crash. */
public final class ChildJvm {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final List<String> command = new ArrayList<>();
    private final Class<?> main;

    /** Prepares a JVM that uses the same class path. */
    public ChildJvm(Class<?> main) {
        this.main = main;
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        options("-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash");
        options("-cp", System.getProperty("java.class.path"));
        options("--enable-native-access=ALL-UNNAMED");
        String engine = System.getProperty("aoti.engine");
        if (engine != null) {
            options("-Daoti.engine=" + engine);
        }
    }

    /** Adds options of the JVM; later ones win. */
    public ChildJvm options(String... options) {
        command.addAll(List.of(options));
        return this;
    }

    /** Names the folder of libtorch, or none with an empty text. */
    public ChildJvm libtorch(Object folder) {
        return options("-Daoti.libtorch=" + folder);
    }

    /** Names the cache. */
    public ChildJvm cache(Path folder) {
        return options("-Daoti.cache=" + folder);
    }

    /** Returns what starts it with these arguments. Errors go where the output goes. */
    public ProcessBuilder with(Object... arguments) {
        List<String> all = new ArrayList<>(command);
        all.add(main.getName());
        for (Object argument : arguments) {
            all.add(argument.toString());
        }
        return new ProcessBuilder(all).redirectErrorStream(true);
    }

    /** Returns what starts it from a shell that runs a command first, such as {@code ulimit}. */
    public ProcessBuilder after(String shellCommand, Object... arguments) {
        ProcessBuilder builder = with(arguments);
        List<String> shell =
                new ArrayList<>(List.of("sh", "-c", shellCommand + " && exec \"$@\"", "sh"));
        shell.addAll(builder.command());
        return builder.command(shell);
    }

    /** How a process ended, and what it printed. */
    public record Ending(int exitCode, String output) {}

    /** Starts a process and waits for its end, or kills it after two minutes. */
    public static Ending run(ProcessBuilder builder) throws IOException, InterruptedException {
        return run(builder, LIMIT);
    }

    /** Starts a process and waits for its end, or kills it after the limit. */
    public static Ending run(ProcessBuilder builder, Duration limit)
            throws IOException, InterruptedException {
        return await(builder.start(), limit);
    }

    /** Waits for the end of a process, or kills it after two minutes. */
    public static Ending await(Process process) throws IOException, InterruptedException {
        return await(process, LIMIT);
    }

    private static Ending await(Process process, Duration limit)
            throws IOException, InterruptedException {
        try {
            CompletableFuture.delayedExecutor(limit.toSeconds(), TimeUnit.SECONDS)
                    .execute(process::destroyForcibly);
            process.getOutputStream().close();
            byte[] output = process.getInputStream().readAllBytes();
            return new Ending(process.waitFor(), new String(output, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }
}
