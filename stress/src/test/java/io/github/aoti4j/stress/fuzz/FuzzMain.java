package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Fuzzes readers one after the other, guided by coverage (Jazzer), each in a process of its own.
 *
 * <p>What is found stays in {@code target/fuzz/NAME}: inputs that reach new code in {@code corpus},
 * and what has failed in {@code crash-*}, {@code timeout-*} and {@code oom-*}.
 */
public final class FuzzMain {
    private static final int MAX_INPUT = 1 << 16;

    /** What one input may take: on an idle machine milliseconds, for the largest too. */
    private static final int MAX_SECONDS = 60;

    private static final Pattern EXECUTIONS =
            Pattern.compile("stat::number_of_executed_units:\\s+([0-9]+)");

    private FuzzMain() {}

    /**
     * Fuzzes, and fails if anything else has.
     *
     * @param args seconds for each reader; the names of the readers, with commas between, or "all"
     */
    public static void main(String[] args) throws Exception {
        String seconds = args[0];
        List<FuzzTarget> targets = JazzerEntry.targets();
        List<String> names = targets.stream().map(FuzzTarget::name).toList();
        List<String> chosen = args[1].equals("all") ? names : List.of(args[1].split(","));
        if (!names.containsAll(chosen)) {
            throw new IllegalArgumentException(args[1] + ": the readers are " + names);
        }
        boolean sound = true;
        for (FuzzTarget target : targets) {
            if (chosen.contains(target.name())) {
                sound &= fuzz(target, seconds);
            }
        }
        if (!sound) {
            throw new AssertionError("a reader has failed, see above");
        }
    }

    private static boolean fuzz(FuzzTarget target, String seconds) throws Exception {
        Path folder = Path.of("target", "fuzz", target.name()).toAbsolutePath();
        Files.createDirectories(folder.resolve("corpus"));
        Path log = folder.resolve("log");
        var command = new ArrayList<String>();
        command.addAll(java(target));
        command.addAll(jazzer(folder));
        command.add("-max_total_time=" + seconds);
        command.addAll(inputs(target, folder));
        var process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        int status = process.waitFor();
        var executions = EXECUTIONS.matcher(Files.readString(log, ISO_8859_1));
        System.out.printf(
                "%-18s %12s executions, %s%n",
                target.name(),
                executions.find() ? executions.group(1) : "?",
                status == 0 ? "no defect" : "failed: " + log);
        return status == 0;
    }

    private static List<String> java(FuzzTarget target) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx2g",
                "--enable-native-access=ALL-UNNAMED",
                "-D" + JazzerEntry.TARGET + "=" + target.name(),
                "-Dfuzz.allowance=20",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer");
    }

    private static List<String> jazzer(Path folder) {
        return List.of(
                "--target_class=" + JazzerEntry.class.getName(),
                "--instrumentation_includes=io.github.aoti4j.**",
                "--instrumentation_excludes=io.github.aoti4j.stress.**",
                // Detectors of what applications do wrong; some take our readers' files for it.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.**",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + "/",
                "-max_len=" + MAX_INPUT,
                "-timeout=" + MAX_SECONDS,
                "-rss_limit_mb=4096",
                "-print_final_stats=1");
    }

    /** The corpus that grows, then what it starts from. */
    private static List<String> inputs(FuzzTarget target, Path folder) throws Exception {
        var inputs = new ArrayList<String>();
        if (!target.words().isEmpty()) {
            inputs.add("-dict=" + dictionary(target, folder.resolve("words.dict")));
        }
        inputs.add(folder.resolve("corpus").toString());
        inputs.add(seeds(target, Files.createDirectories(folder.resolve("seeds"))).toString());
        Path found = Corpus.folder(target.name());
        if (Files.isDirectory(found)) {
            inputs.add(found.toString());
        }
        return inputs;
    }

    private static Path seeds(FuzzTarget target, Path folder) throws Exception {
        int i = 0;
        for (byte[] seed : target.seeds().make()) {
            Files.write(folder.resolve("seed" + i++), seed);
        }
        return folder;
    }

    private static Path dictionary(FuzzTarget target, Path file) throws IOException {
        var lines = new ArrayList<String>();
        for (String word : target.words()) {
            var line = new StringBuilder("\"");
            for (byte b : word.getBytes(ISO_8859_1)) {
                line.append(String.format("\\x%02x", b & 0xff));
            }
            lines.add(line.append('"').toString());
        }
        return Files.write(file, lines);
    }
}
