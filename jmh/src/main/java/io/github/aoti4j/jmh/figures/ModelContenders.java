package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.ModelProbe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The ways to run a network that {@code export_models.py} has exported, a process each. */
final class ModelContenders {
    /** The contender with which all others are compared. */
    static final String REFERENCE = "ONNX Runtime Java";

    static final List<String> NAMES =
            List.of(
                    REFERENCE,
                    "portable, libtorch",
                    "portable, built-in",
                    "fastest, libtorch",
                    "fastest, built-in",
                    "Python, portable",
                    "Python, fastest");

    private static final String ONNX_PROBE = "io.github.aoti4j.jmh.peers.OnnxRuntimeProbe";
    private static final String PYTHON_PROBE = "jmh/src/main/python/model_probe.py";

    private final Path packages;
    private final Path libtorch;
    private final Path python;
    private final List<String> launcher;

    /**
     * @param python null if there is none that has torch
     * @param launcher begins each command, for example {@code chrt -r 20}
     */
    ModelContenders(Path packages, Path libtorch, Path python, List<String> launcher) {
        this.packages = packages;
        this.libtorch = libtorch;
        this.python = python;
        this.launcher = launcher;
    }

    /** Measures one process; returns nanoseconds. */
    double measure(String name, String network, int threads, Contender.Timing timing, Path log)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(launcher);
        Path folder = packages.resolve(network);
        String recipe = name.contains("fastest") ? "fastest-" + threads : "portable";
        Path compiled = folder.resolve(recipe + ".pt2");
        if (name.equals(REFERENCE)) {
            command.addAll(java());
            command.addAll(List.of(ONNX_PROBE, Integer.toString(threads)));
            compiled = folder.resolve("model.onnx");
        } else if (name.startsWith("Python")) {
            if (python == null) {
                throw new IOException("no --python that has torch, and none beside the libtorch");
            }
            command.addAll(List.of(python.toString(), PYTHON_PROBE));
        } else {
            command.addAll(java());
            command.add(ModelProbe.class.getName());
            command.addAll(List.of(name.replaceAll(".*, ", ""), Integer.toString(threads)));
        }
        if (!Files.exists(compiled)) {
            throw new IOException("no " + compiled + "; export_models.py makes it");
        }
        command.add(compiled.toString());
        command.add(folder.resolve("inputs.safetensors").toString());
        command.add(folder.resolve("outputs.safetensors").toString());
        command.add(Integer.toString(timing.warmUpMillis()));
        command.add(Integer.toString(timing.iterations()));
        command.add(Integer.toString(timing.iterationMillis()));
        return run(command, threads, timing.iterations(), log);
    }

    private List<String> java() {
        List<String> java = new ArrayList<>();
        java.add(ProcessHandle.current().info().command().orElse("java"));
        java.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"));
        if (libtorch != null) {
            java.add("-Daoti.libtorch=" + libtorch);
        }
        java.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return java;
    }

    private static double run(List<String> command, int threads, int iterations, Path log)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        Process process = builder.start();
        double[] nanos;
        try (var output = process.inputReader()) {
            nanos = Contender.parse(output.lines());
        }
        if (process.waitFor() != 0 || nanos.length != iterations) {
            throw new IOException(reason(log) + "; see " + log);
        }
        return Contender.median(Arrays.stream(nanos));
    }

    /** Returns the line of a log that names the exception, and the next one if that goes on. */
    private static String reason(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.matches("(Exception in thread|\\w*Error:).*")) {
                String next = line.endsWith(":") && i + 1 < lines.size() ? lines.get(i + 1) : "";
                return line.replaceFirst("Exception in thread \"\\w+\" ", "") + next;
            }
        }
        return "it failed";
    }
}
