package io.github.aoti4j.jmh;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Runs programs that print figures, and samples their memory. */
public final class Probe {
    private static final long SAMPLE_MILLIS = 3;

    private Probe() {}

    /**
     * Returns the figures that a program prints, a name and a number per line, and {@code
     * anon_kib_peak}: its largest private memory up to the end of its first run.
     */
    public static Map<String, Long> run(List<String> command)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Map<String, Long> figures = new ConcurrentHashMap<>();
        Thread watch = Thread.ofPlatform().start(() -> watch(process, figures));
        try (var lines = process.inputReader()) {
            lines.lines()
                    .filter(line -> line.matches("\\w+ -?\\d+")) // not what the JVM prints
                    .map(line -> line.split(" "))
                    .forEach(words -> figures.put(words[0], Long.parseLong(words[1])));
        } finally {
            process.destroy();
            watch.join();
        }
        if (process.waitFor() != 0) {
            throw new IOException("failed with " + process.exitValue() + ": " + command);
        }
        return figures;
    }

    private static void watch(Process process, Map<String, Long> figures) {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        try {
            while (!figures.containsKey("anon_kib_run")
                    && !process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
                figures.merge("anon_kib_peak", Machine.number(status, "RssAnon"), Math::max);
            }
        } catch (IOException ended) {
            // The process has ended.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
