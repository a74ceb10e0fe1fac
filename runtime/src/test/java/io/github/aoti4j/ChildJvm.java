package io.github.aoti4j;

import io.github.aoti4j.libtorch.LibTorch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A JVM of its own for a main class of the tests, which may be starved, killed or crash. */
public final class ChildJvm {
    private final List<String> command = new ArrayList<>();
    private final Class<?> main;

    /** Prepares a JVM that uses the same class path and libtorch. */
    public ChildJvm(Class<?> main) {
        this.main = main;
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        options("-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash");
        options("-cp", System.getProperty("java.class.path"));
        options("--enable-native-access=ALL-UNNAMED");
        options("-Daoti.libtorch=" + LibTorch.load().directory());
    }

    /** Adds options of the JVM; later ones win. */
    public ChildJvm options(String... options) {
        command.addAll(Arrays.asList(options));
        return this;
    }

    /** Names the cache. */
    public ChildJvm cache(Path folder) {
        return options("-Daoti.cache=" + folder);
    }

    /** What starts it with these arguments. Errors go where the output goes. */
    public ProcessBuilder with(Object... arguments) {
        List<String> all = new ArrayList<>(command);
        all.add(main.getName());
        for (Object argument : arguments) {
            all.add(argument.toString());
        }
        return new ProcessBuilder(all).redirectErrorStream(true);
    }

    /** What starts it by a shell that has done something first, such as to lower a limit. */
    public ProcessBuilder after(String shellCommand, Object... arguments) {
        ProcessBuilder builder = with(arguments);
        List<String> shell =
                new ArrayList<>(List.of("sh", "-c", shellCommand + " && exec \"$@\"", "sh"));
        shell.addAll(builder.command());
        return builder.command(shell);
    }

    /** What a process that has ended said. */
    public record Ending(int exitCode, String output) {}

    /** Starts a process and waits for its end, or ends it after two minutes. */
    public static Ending run(ProcessBuilder builder) throws IOException, InterruptedException {
        return run(builder, Duration.ofMinutes(2));
    }

    /** Starts a process and waits for its end, or ends it when it has taken too long. */
    public static Ending run(ProcessBuilder builder, Duration limit)
            throws IOException, InterruptedException {
        Process process = builder.start();
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
