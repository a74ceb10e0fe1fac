package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Entry;
import io.github.aoti4j.jmh.PyTorchPeer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Who runs the workloads: us, and the peers that can be had here. */
final class Contenders {
    static final String OURS = "aoti4j";
    static final String LOADER = "C++ loader";

    private static final String SINGLE = ", single-threaded";
    private static final String RUNNER = "RunnerBenchmark.run";
    private static final String MODEL = "ModelRunBenchmark.run";

    /** One of each kind, for the chart. */
    static final List<String> CHART =
            List.of(
                    OURS + " Runner.run" + SINGLE,
                    OURS + " Model.run" + SINGLE,
                    LOADER + SINGLE,
                    LOADER,
                    "JavaCPP" + SINGLE,
                    "Python loader.run",
                    "Python call",
                    "ONNX Runtime Java",
                    "DJL, TorchScript");

    private final Path logs;
    private final List<String> jvmArguments = new ArrayList<>();
    private final List<Contender> all = new ArrayList<>();
    private final Map<String, String> missing = new LinkedHashMap<>();

    /**
     * Looks who is there.
     *
     * @param scratch gets programs, logs, and the natives that peers unpack
     * @param python a Python with torch; null to look for the one that the libtorch belongs to
     */
    Contenders(Path scratch, Path python) throws IOException, InterruptedException {
        logs = Files.createDirectories(scratch.resolve("logs"));
        jvmArguments.add("--enable-native-access=ALL-UNNAMED");
        jvmArguments.add("-Dorg.bytedeco.javacpp.cachedir=" + scratch.resolve("javacpp"));
        jvmArguments.add("-DDJL_CACHE_DIR=" + scratch.resolve("djl"));
        jvmArguments.add("-Dai.djl.offline=true");
        jvmArguments.add("-DOPT_OUT_TRACKING=true");
        String libtorch = System.getProperty("aoti.libtorch");
        if (libtorch != null) {
            jvmArguments.add("-Daoti.libtorch=" + libtorch);
        }
        addOurs();
        addLoader(scratch);
        addPython(python == null ? pythonOf(libtorch) : python);
        addJavaPeers();
    }

    private void addOurs() {
        add(OURS + " Runner.run" + SINGLE, RUNNER, Entry.SINGLE_THREADED);
        add(OURS + " Runner.run", RUNNER, Entry.CONCURRENT);
        add(OURS + " Runner.run, output" + SINGLE, RUNNER + "AndView", Entry.SINGLE_THREADED);
        add(OURS + " Runner.run, copyOutput" + SINGLE, RUNNER + "AndCopy", Entry.SINGLE_THREADED);
        add(OURS + " Model.run" + SINGLE, MODEL, Entry.SINGLE_THREADED);
        add(OURS + " Model.run", MODEL, Entry.CONCURRENT);
        add(OURS + " Model.call" + SINGLE, "ModelRunBenchmark.call", Entry.SINGLE_THREADED);
    }

    private void addLoader(Path scratch) throws IOException, InterruptedException {
        var why = PyTorchPeer.missing();
        if (why.isPresent()) {
            missing.put(LOADER, why.get());
            return;
        }
        String program = PyTorchPeer.compile("run_probe", scratch).toString();
        add(LOADER + SINGLE, program, "single");
        add(LOADER, program, "loader");
        add(LOADER + " in InferenceMode" + SINGLE, program, "single_inference");
        add(LOADER + " in InferenceMode", program, "loader_inference");
        add("C calls alone" + SINGLE, program, "floor_single");
        add("C calls alone", program, "floor");
    }

    private void addPython(Path python) {
        if (python == null) {
            missing.put("Python", "no --python that has torch, and none beside the libtorch");
            return;
        }
        String script = "jmh/src/main/python/run_probe.py";
        add("Python loader.run", python.toString(), script, "loader");
        add("Python call", python.toString(), script, "call");
    }

    private void addJavaPeers() {
        add("JavaCPP" + SINGLE, "peers.JavaCppBenchmark.run", Entry.SINGLE_THREADED);
        add("JavaCPP", "peers.JavaCppBenchmark.run", Entry.CONCURRENT);
        add("ONNX Runtime Java", "peers.OnnxRuntimeBenchmark.run", null);
        add("ONNX Runtime Java, pinned output", "peers.OnnxRuntimeBenchmark.runPinned", null);
        add("DJL, TorchScript", "peers.DjlBenchmark.predict", null);
    }

    private void add(String name, String benchmark, Entry entry) {
        all.add(jmh(name, reference(name), benchmark, entry));
    }

    private void add(String name, String... command) {
        all.add(new ProcessContender(name, reference(name), List.of(command), log(name)));
    }

    /** The entry point that it takes, taken by PyTorch's own loader. */
    private static String reference(String name) {
        return name.endsWith(SINGLE) ? LOADER + SINGLE : LOADER;
    }

    private JmhContender jmh(String name, String reference, String benchmark, Entry entry) {
        return new JmhContender(name, reference, benchmark, entry, jvmArguments, log(name));
    }

    private Path log(String name) {
        return logs.resolve(name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.+]+", "_"));
    }

    /** The interpreter in whose site-packages a libtorch lies; null if there is none. */
    private static Path pythonOf(String libtorch) {
        // PREFIX/lib/pythonN.N/site-packages/torch/lib
        Path python =
                libtorch == null
                        ? null
                        : Path.of(libtorch).resolve("../../../../../bin/python").normalize();
        return python != null && Files.isExecutable(python) ? python : null;
    }

    List<Contender> all() {
        return all;
    }

    /** The calls that runs are made of; no workload is run. */
    List<Contender> calls() {
        return List.of(
                jmh("empty call from Java", "", "BaselineBenchmark.call", null),
                jmh("empty critical call", "", "BaselineBenchmark.criticalCall", null),
                jmh(
                        "new handle to a tensor, and its deletion",
                        "",
                        "BaselineBenchmark.newHandleAndDelete",
                        null));
    }

    /** A run as one of two threads sees it, compared with one thread alone. */
    List<Contender> scaling() {
        String one = "one thread";
        return List.of(
                jmh(one, one, "ScalingBenchmark.one", null),
                jmh("two threads", one, "ScalingBenchmark.two", null));
    }

    /** Who is not there, and why. */
    Map<String, String> missing() {
        return missing;
    }

    List<String> jvmArguments() {
        return jvmArguments;
    }
}
