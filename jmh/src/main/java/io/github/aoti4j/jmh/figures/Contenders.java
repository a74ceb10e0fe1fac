package io.github.aoti4j.jmh.figures;

import static io.github.aoti4j.jmh.figures.Contender.jmh;
import static io.github.aoti4j.jmh.figures.Contender.program;

import io.github.aoti4j.jmh.PyTorchPeer;
import io.github.aoti4j.jmh.figures.Contender.Measurement;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The contenders that are available here: aoti4j and its peers. */
final class Contenders {
    private static final String SINGLE = ", single-threaded";
    private static final String LOADER = "C++ loader";
    private static final String SCRIPT = "jmh/src/main/python/run_probe.py";

    /**
     * Name, kind, and what is run. Calls are what runs are made of, and run no workload; scaling
     * compares two threads with one. Those with a star are in the chart.
     */
    private static final String TABLE =
            """
            * aoti4j Runner.run, single-threaded             | java   | RunnerBenchmark.run SINGLE_THREADED
              aoti4j Runner.run                              | java   | RunnerBenchmark.run CONCURRENT
              aoti4j Runner.run, output, single-threaded     | java   | RunnerBenchmark.runAndView SINGLE_THREADED
              aoti4j Runner.run, copyOutput, single-threaded | java   | RunnerBenchmark.runAndCopy SINGLE_THREADED
            * aoti4j Model.run, single-threaded              | java   | ModelRunBenchmark.run SINGLE_THREADED
              aoti4j Model.run                               | java   | ModelRunBenchmark.run CONCURRENT
              aoti4j Model.call, single-threaded             | java   | ModelRunBenchmark.call SINGLE_THREADED
            * aoti4j built-in Runner.run, single-threaded    | java   | RunnerBenchmark.run BUILT_IN_SINGLE_THREADED
              aoti4j built-in Runner.run                     | java   | RunnerBenchmark.run BUILT_IN_CONCURRENT
              aoti4j built-in Runner.run, copyOutput, single-threaded | java | RunnerBenchmark.runAndCopy BUILT_IN_SINGLE_THREADED
            * aoti4j built-in Model.run, single-threaded     | java   | ModelRunBenchmark.run BUILT_IN_SINGLE_THREADED
              aoti4j built-in Model.run                      | java   | ModelRunBenchmark.run BUILT_IN_CONCURRENT
            * C++ loader, single-threaded                    | c++    | single
            * C++ loader                                     | c++    | loader
              C++ loader in InferenceMode, single-threaded   | c++    | single_inference
              C++ loader in InferenceMode                    | c++    | loader_inference
              C calls alone, single-threaded                 | c++    | floor_single
              C calls alone                                  | c++    | floor
            * Python loader.run                              | python | loader
            * Python call                                    | python | call
            * JavaCPP, single-threaded                       | java   | peers.JavaCppBenchmark.run SINGLE_THREADED
              JavaCPP                                        | java   | peers.JavaCppBenchmark.run CONCURRENT
            * ONNX Runtime Java                              | java   | peers.OnnxRuntimeBenchmark.run
              ONNX Runtime Java, pinned output               | java   | peers.OnnxRuntimeBenchmark.runPinned
            * DJL, TorchScript                               | java   | peers.DjlBenchmark.predict
              empty call from Java                           | call   | BaselineBenchmark.call
              empty critical call                            | call   | BaselineBenchmark.criticalCall
              new handle to a tensor, and its deletion       | call   | BaselineBenchmark.newHandleAndDelete
              one thread                                     | scaling | ScalingBenchmark.one CONCURRENT
              two threads                                    | scaling | ScalingBenchmark.two CONCURRENT
              built-in, one thread                           | scaling | ScalingBenchmark.one BUILT_IN_CONCURRENT
              built-in, two threads                          | scaling | ScalingBenchmark.two BUILT_IN_CONCURRENT
            """;

    final List<String> jvm = new ArrayList<>();
    final List<Contender> runs = new ArrayList<>();
    final List<Contender> calls = new ArrayList<>();
    final List<Contender> scaling = new ArrayList<>();
    final List<String> chart = new ArrayList<>();

    /** The reasons for which contenders are missing. */
    final Map<String, String> missing = new LinkedHashMap<>();

    /** Finds them. */
    Contenders(Path scratch, Path python) throws Exception {
        String libtorch = System.getProperty("aoti.libtorch");
        jvm.add("--enable-native-access=ALL-UNNAMED");
        jvm.add("-Dorg.bytedeco.javacpp.cachedir=" + scratch.resolve("javacpp"));
        jvm.add("-DDJL_CACHE_DIR=" + scratch.resolve("djl"));
        jvm.add("-Dai.djl.offline=true");
        jvm.add("-DOPT_OUT_TRACKING=true");
        if (libtorch != null) {
            jvm.add("-Daoti.libtorch=" + libtorch);
        }
        PyTorchPeer.missing().ifPresent(why -> missing.put(LOADER, why));
        Path loader = missing.isEmpty() ? PyTorchPeer.compile("run_probe", scratch) : null;
        Path interpreter = python == null ? pythonOf(libtorch) : python;
        if (interpreter == null) {
            missing.put("Python", "no --python that has torch, and none beside the libtorch");
        }
        TABLE.lines().forEach(row -> add(row.split(" *\\| *", -1), loader, interpreter));
    }

    private void add(String[] cells, Path loader, Path python) {
        String name = cells[0].substring(2);
        Measurement measurement =
                switch (cells[1]) {
                    case "c++" -> loader == null ? null : program(loader.toString(), cells[2]);
                    case "python" ->
                            python == null ? null : program(python.toString(), SCRIPT, cells[2]);
                    default -> jmh(cells[2], jvm);
                };
        if (measurement == null) {
            return;
        }
        if (cells[0].startsWith("*")) {
            chart.add(name);
        }
        switch (cells[1]) {
            case "call" -> calls.add(new Contender(name, "", measurement));
            case "scaling" ->
                    scaling.add(
                            new Contender(
                                    name, name.replace("two threads", "one thread"), measurement));
            default -> {
                // PyTorch's loader with the same entry point.
                String reference = name.endsWith(SINGLE) ? LOADER + SINGLE : LOADER;
                runs.add(new Contender(name, reference, measurement));
            }
        }
    }

    /** Returns the interpreter in whose site-packages a libtorch lies; null if there is none. */
    static Path pythonOf(String libtorch) {
        // PREFIX/lib/pythonN.N/site-packages/torch/lib
        String up = "../../../../../bin/python";
        Path python = libtorch == null ? null : Path.of(libtorch).resolve(up).normalize();
        return python != null && Files.isExecutable(python) ? python : null;
    }
}
