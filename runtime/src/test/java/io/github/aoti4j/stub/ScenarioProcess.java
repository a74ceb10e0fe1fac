package io.github.aoti4j.stub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs scenarios in processes of their own, so that one that ends the JVM fails alone. */
final class ScenarioProcess {
    private static final int ERROR_LINES = 120;

    private final Path folder;

    private final Map<String, String> environment;

    /** Scenarios run on the stubs that were built in this folder, with more variables. */
    ScenarioProcess(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = environment;
    }

    /** Runs scenarios; answers an empty text for one that passed, else what went wrong. */
    Map<String, String> run(List<String> scenarios) throws IOException, InterruptedException {
        Map<String, String> results = new LinkedHashMap<>();
        List<String> left = scenarios;
        while (!left.isEmpty()) {
            results.putAll(runUntilFailure(left));
            left = scenarios.stream().filter(name -> !results.containsKey(name)).toList();
        }
        return results;
    }

    /** Runs scenarios in one process; answers the results up to the first that did not pass. */
    private Map<String, String> runUntilFailure(List<String> scenarios)
            throws IOException, InterruptedException {
        Path errorFile = folder.resolve("hs_err.log");
        ProcessBuilder builder =
                new ProcessBuilder(command(scenarios, errorFile)).redirectErrorStream(true);
        // Where a driver is looked for.
        builder.environment().put("LD_LIBRARY_PATH", folder.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitCode = process.waitFor();
        Map<String, String> results = new LinkedHashMap<>();
        for (String line : output.lines().toList()) {
            if (line.startsWith(ScenarioMain.PASSED)) {
                results.put(line.substring(ScenarioMain.PASSED.length()), "");
            } else if (line.startsWith(ScenarioMain.FAILED)) {
                String[] words = line.split(" ", 3);
                results.put(words[1], words[2].replace("\\n", "\n"));
                return results;
            }
        }
        if (results.size() < scenarios.size()) {
            results.put(scenarios.get(results.size()), ending(exitCode, output, errorFile));
        }
        return results;
    }

    private static String ending(int exitCode, String output, Path errorFile) throws IOException {
        var text = new StringBuilder("the JVM ended with exit code " + exitCode + "\n" + output);
        if (Files.exists(errorFile)) {
            Files.readAllLines(errorFile, StandardCharsets.ISO_8859_1).stream()
                    .limit(ERROR_LINES)
                    .forEach(line -> text.append(line).append('\n'));
            Files.delete(errorFile);
        }
        return text.toString();
    }

    private List<String> command(List<String> scenarios, Path errorFile) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-XX:ErrorFile=" + errorFile);
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-Daoti.libtorch=" + folder);
        command.add("-Daoti.cache=" + folder.resolve("cache"));
        command.add("-Dstub.folder=" + folder);
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(ScenarioMain.class.getName());
        command.addAll(scenarios);
        return command;
    }
}
