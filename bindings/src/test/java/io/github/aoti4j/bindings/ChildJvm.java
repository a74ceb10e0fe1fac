package io.github.aoti4j.bindings;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a main class of the tests in a process of its own, with the class path of the tests. */
public record ChildJvm(Process process) {
    /** Starts a process; its standard error goes with its standard output. */
    public static ChildJvm start(
            Class<?> main,
            Map<String, String> properties,
            Map<String, String> environment,
            Object... arguments)
            throws IOException {
        String classPath = System.getProperty("java.class.path");
        return start(main, classPath, properties, environment, arguments);
    }

    /** Starts a process with another class path. */
    public static ChildJvm start(
            Class<?> main,
            String classPath,
            Map<String, String> properties,
            Map<String, String> environment,
            Object... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.add("--enable-native-access=ALL-UNNAMED");
        properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-cp", classPath, main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return new ChildJvm(builder.start());
    }

    /** Waits for the process to end. */
    public Result await() throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    /** How a process ended. */
    public record Result(int exitCode, String output) {}
}
