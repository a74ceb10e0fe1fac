package io.github.aoti4j.stress.calls;

import io.github.aoti4j.libtorch.LibTorch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A process that makes sequences of calls; it is started again after one has ended it. */
final class ApiFuzzerProcess implements AutoCloseable {
    private final Path folder;
    private final Map<Action, Integer> answers = new EnumMap<>(Action.class);
    private long calls;
    private Process process;
    private BufferedReader lines;
    private Writer attacks;

    /** Its cache and what it leaves when it falls lie in a folder. */
    ApiFuzzerProcess(Path folder) {
        this.folder = folder;
    }

    /** Makes calls; returns what went wrong, or an empty text. */
    String run(List<Step> steps) {
        try {
            if (process == null) {
                start();
            }
            attacks.write(Step.encode(steps) + "\n");
            attacks.flush();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(ApiFuzzerMain.ANSWER)) {
                    String answer = line.substring(ApiFuzzerMain.ANSWER.length());
                    if (answer.startsWith(ApiFuzzerMain.OK)) {
                        count(steps, answer.substring(ApiFuzzerMain.OK.length()));
                        return "";
                    }
                    process = null;
                    return answer.replace("\\n", "\n");
                }
            }
            return fallen();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void count(List<Step> steps, String names) {
        calls += steps.size();
        for (String name : names.isEmpty() ? new String[0] : names.split(",", -1)) {
            answers.merge(Action.valueOf(name), 1, Integer::sum);
        }
    }

    /** How many steps there were. */
    long calls() {
        return calls;
    }

    /** How many of them were answered and not refused. */
    Map<Action, Integer> answers() {
        return answers;
    }

    @Override
    public String toString() {
        return calls + " calls, of them answered " + answers;
    }

    private void start() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-XX:ErrorFile=" + folder.resolve("hs_err.log"));
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-Xmx1g");
        // What is asked for beyond all bounds is refused, and not taken from the machine.
        command.add("-XX:MaxDirectMemorySize=1g");
        command.add("-Daoti.libtorch=" + LibTorch.load().directory());
        command.add("-Daoti.cache=" + folder.resolve("cache"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(ApiFuzzerMain.class.getName());
        process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        attacks = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    }

    private String fallen() throws IOException {
        int exitCode;
        try {
            exitCode = process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exitCode = -1;
        }
        process = null;
        var text = new StringBuilder("the JVM ended with exit code " + exitCode + "\n");
        Path error = folder.resolve("hs_err.log");
        if (Files.exists(error)) {
            Files.readAllLines(error, StandardCharsets.ISO_8859_1).stream()
                    .limit(100)
                    .forEach(line -> text.append(line).append('\n'));
            Files.delete(error);
        }
        return text.toString();
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroy();
        }
    }
}
