package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Workload;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/**
 * What the command was asked for.
 *
 * @param scaled those that are also run by two threads
 * @param minutes how long it may take, about
 * @param libtorch a folder with {@code libtorch_cpu.so}; null for the embedded one
 * @param python a Python with torch; null to look for one
 */
record Arguments(
        List<Workload> workloads,
        List<Workload> scaled,
        double minutes,
        int rounds,
        Path out,
        Path libtorch,
        Path python) {
    static final String USAGE =
            """
            usage: jmh/run [short|all] [--libtorch DIR] [--minutes N] [--rounds N] [--out DIR] [--python EXE]

              short            x + 1 and the MLP on eight rows, about 15 minutes
              all              all workloads, about an hour (the default)
              --libtorch DIR   the libtorch to use: the lib folder of a pip-installed torch, whose headers PyTorch's
                               own loader is compiled with, and whose Python is measured too
              --minutes N      how long to take, about
              --rounds N       forks of each contender (5)
              --out DIR        where results.json, results.md and results.svg go (jmh/target/figures)
              --python EXE     another Python that has torch
            """;

    private static final List<Workload> SHORT = List.of(Workload.ADD_ONE, Workload.MLP_8);
    private static final double SHORT_MINUTES = 15;
    private static final double ALL_MINUTES = 60;
    private static final int ROUNDS = 5;

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if it cannot be understood
     */
    static Arguments of(List<String> line) {
        boolean all = true;
        double minutes = 0;
        int rounds = ROUNDS;
        Path out = Path.of("jmh/target/figures");
        Path libtorch = null;
        Path python = null;
        for (Iterator<String> words = line.iterator(); words.hasNext(); ) {
            String word = words.next();
            switch (word) {
                case "all" -> all = true;
                case "short" -> all = false;
                case "--minutes" -> minutes = Double.parseDouble(value(word, words));
                case "--rounds" -> rounds = Integer.parseInt(value(word, words));
                case "--out" -> out = Path.of(value(word, words));
                case "--libtorch" -> libtorch = libraries(Path.of(value(word, words)));
                case "--python" -> python = Path.of(value(word, words));
                default -> throw new IllegalArgumentException("unknown argument " + word);
            }
        }
        if (minutes < 0 || rounds < 1) {
            throw new IllegalArgumentException("minutes and rounds must be more than nothing");
        }
        if (minutes == 0) {
            minutes = all ? ALL_MINUTES : SHORT_MINUTES;
        }
        List<Workload> workloads = all ? List.of(Workload.values()) : SHORT;
        return new Arguments(workloads, SHORT, minutes, rounds, out, libtorch, python);
    }

    private static String value(String option, Iterator<String> words) {
        if (!words.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return words.next();
    }

    /** Takes the package's folder for its lib folder. */
    private static Path libraries(Path folder) {
        Path below = folder.resolve("lib");
        return Files.exists(below.resolve("libtorch_cpu.so")) ? below : folder;
    }
}
