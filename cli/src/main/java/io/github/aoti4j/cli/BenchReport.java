package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import org.HdrHistogram.Histogram;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Collectors;

/** What {@code aoti bench} prints. */
final class BenchReport {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

    private final BenchResult result;
    private final BenchSetup setup;

    BenchReport(BenchResult result) {
        this.result = result;
        this.setup = result.setup();
    }

    void print(PrintWriter out) {
        out.printf("%s, model %s%n", setup.file(), setup.model());
        line(
                out,
                "runs",
                String.format(
                        Locale.ROOT,
                        "%s, %d %s, %d %s, %s",
                        switch (setup.api()) {
                            case RUNNER -> "Runner.run";
                            case GRAPH -> "DeviceRunner.run as a CUDA graph";
                            case MODEL -> "Model.run with an arena each";
                        },
                        setup.threads(),
                        setup.threads() == 1 ? "thread" : "threads",
                        setup.runners(),
                        setup.runners() == 1 ? "runner" : "runners",
                        setup.rate() == null
                                ? "back to back"
                                : String.format(Locale.ROOT, rateForm(), setup.rate())
                                        + " a second on a schedule"));
        line(
                out,
                "inputs",
                String.format(
                        Locale.ROOT,
                        "%s: %s",
                        setup.source() == null ? "zeros" : setup.source(),
                        setup.inputs().stream()
                                .map(Tensor::toString)
                                .collect(Collectors.joining(", "))));
        line(out, "compared", compared());
        line(out, "on", setup.libtorch());
        line(
                out,
                "intra-op",
                String.format(
                        Locale.ROOT,
                        "%s",
                        setup.intraOpThreads() == null
                                ? "libtorch's default number of threads"
                                : setup.intraOpThreads() == 1
                                        ? "1 thread"
                                        : setup.intraOpThreads() + " threads"));
        line(
                out,
                "java",
                String.format(
                        Locale.ROOT,
                        "%s, %d processors",
                        BenchSetup.java(),
                        BenchSetup.processors()));
        out.println();
        line(
                out,
                "throughput",
                String.format(
                        Locale.ROOT,
                        "%,.1f runs/s (%,d runs in %.2f s, after %.2f s of warm-up)",
                        result.perSecond(),
                        result.runs(),
                        result.nanos() / 1e9,
                        setup.warmupSeconds()));
        if (result.runs() > 0) {
            line(
                    out,
                    "allocated",
                    String.format(
                            Locale.ROOT,
                            "%.1f bytes of Java heap a run",
                            result.allocatedPerRun()));
            latencies(out);
        }
        line(
                out,
                "timer",
                String.format(
                        Locale.ROOT,
                        "a latency is %.0f ns too long by measuring it; a run takes %.0f ns longer",
                        result.timer().perLatency(),
                        result.timer().perRun()));
        if (result.lateness().getTotalCount() > 0) {
            line(
                    out,
                    "precision",
                    String.format(
                            Locale.ROOT,
                            "runs that a thread waited for began %.1f µs late (p50), %.1f µs (p99),"
                                    + " %.1f µs (max)",
                            result.lateness().getValueAtPercentile(50) / 1e3,
                            result.lateness().getValueAtPercentile(99) / 1e3,
                            result.lateness().getMaxValue() / 1e3));
        }
        result.notes().forEach(note -> line(out, "note", note));
    }

    private String rateForm() {
        return setup.rate() == Math.rint(setup.rate()) ? "%,.0f" : "%,.3g";
    }

    private String compared() {
        String threads = result.reference().repeatable() ? "each thread's with Model.run's" : "";
        if (!setup.expected()) {
            return threads.isEmpty() ? "nothing" : threads;
        }
        return "Model.run's outputs with the expected" + (threads.isEmpty() ? "" : ", " + threads);
    }

    private void latencies(PrintWriter out) {
        Histogram latencies = result.latencies();
        out.printf(
                "  latency, µs, from %s%n",
                setup.rate() == null ? "when a run began" : "when a run was due");
        latency(out, "min", (double) latencies.getMinValue());
        latency(out, "mean", latencies.getMean());
        for (double percentile : PERCENTILES) {
            latency(out, name(percentile), (double) latencies.getValueAtPercentile(percentile));
        }
        latency(out, "max", (double) latencies.getMaxValue());
    }

    private static void latency(PrintWriter out, String name, double nanos) {
        out.println(String.format(Locale.ROOT, "    %-7s %,14.3f", name, nanos / 1e3));
    }

    private static void line(PrintWriter out, String name, String text) {
        out.println(String.format(Locale.ROOT, "  %-11s", name) + text);
    }

    /** {@code p99.9}. */
    private static String name(double percentile) {
        return percentile == Math.rint(percentile) ? "p" + (long) percentile : "p" + percentile;
    }

    String json() {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("file", setup.file().toString()).put("model", setup.model());
        root.put("api", setup.api().name().toLowerCase(Locale.ROOT));
        root.put("loop", setup.rate() == null ? "closed" : "open");
        root.put("threads", setup.threads()).put("runners", setup.runners());
        root.put("intraOpThreads", setup.intraOpThreads());
        root.put("warmupSeconds", setup.warmupSeconds()).put("seconds", setup.seconds());
        root.put("inputsFile", setup.source() == null ? null : setup.source().toString());
        ArrayNode inputs = root.putArray("inputs");
        for (Tensor tensor : setup.inputs()) {
            ArrayNode shape =
                    inputs.addObject().put("dtype", tensor.dtype().torchName()).putArray("shape");
            for (long size : tensor.shape()) {
                shape.add(size);
            }
        }
        root.put("libtorch", setup.libtorch());
        root.put("java", BenchSetup.java()).put("processors", BenchSetup.processors());

        root.put("runs", result.runs()).put("elapsedSeconds", result.nanos() / 1e9);
        root.put("runsPerSecond", result.perSecond());
        if (result.runs() > 0) {
            root.put("allocatedBytesPerRun", result.allocatedPerRun());
            root.set("latencyNanos", json(result.latencies()));
        } else {
            root.putNull("allocatedBytesPerRun").putNull("latencyNanos");
        }
        if (setup.rate() == null) {
            root.putNull("schedule");
        } else {
            ObjectNode schedule = root.putObject("schedule");
            schedule.put("ratePerSecond", setup.rate()).put("planned", result.planned());
            schedule.put("notBegun", result.notBegun()).put("kept", result.isRateKept());
            if (result.lateness().getTotalCount() > 0) {
                schedule.set("lateNanos", json(result.lateness()));
            } else {
                schedule.putNull("lateNanos");
            }
        }
        root.putObject("timerNanos")
                .put("perLatency", result.timer().perLatency())
                .put("perRun", result.timer().perRun());
        root.put("comparedWithExpected", setup.expected());
        root.put("comparedWithModelRun", result.reference().repeatable());
        root.put("writesInputs", result.reference().writesInputs());
        root.put("stopped", result.stopped());
        ArrayNode notes = root.putArray("notes");
        result.notes().forEach(notes::add);
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    private static ObjectNode json(Histogram histogram) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("min", histogram.getMinValue()).put("mean", histogram.getMean());
        for (double percentile : PERCENTILES) {
            node.put(name(percentile), histogram.getValueAtPercentile(percentile));
        }
        return node.put("max", histogram.getMaxValue());
    }
}
