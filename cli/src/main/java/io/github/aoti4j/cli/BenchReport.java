package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

import org.HdrHistogram.Histogram;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The report of {@code aoti bench}, as text and as JSON. */
record BenchReport(BenchSetup setup, Reference reference, BenchResult result, TimerCost timer) {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

    void print(PrintWriter out) {
        out.printf("%s, model %s%n", setup.file(), setup.model());
        out.printf(
                "  runs       %s, %s, %s, %s%n",
                switch (setup.api()) {
                    case RUNNER -> "Runner.run";
                    case GRAPH -> "DeviceRunner.run as a CUDA graph";
                    case MODEL -> "Model.run with an arena each";
                },
                Quantities.count(setup.threads(), "thread"),
                Quantities.count(setup.runners(), "runner"),
                setup.rate() == null ? "closed loop" : "open loop, " + rate() + " runs/s");
        out.printf(
                "  inputs     %s: %s%n",
                setup.source() == null ? "zeros" : setup.source(),
                setup.inputs().stream().map(Tensor::toString).collect(Collectors.joining(", ")));
        out.println("  compared   " + compared());
        out.println("  engine     " + setup.engine());
        out.println(
                "  intra-op   "
                        + (setup.intraOpThreads() == null
                                ? "OpenMP's default number of threads"
                                : Quantities.count(setup.intraOpThreads(), "thread")));
        int processors = BenchSetup.processors();
        out.println("  java       " + BenchSetup.java() + ", " + processors + " processors");
        out.println();
        out.printf(
                Locale.ROOT,
                "  throughput %,.1f runs/s (%,d runs in %.2f s, after %.2f s of warm-up)%n",
                result.perSecond(),
                result.runs(),
                result.nanos() / 1e9,
                setup.warmupSeconds());
        if (result.runs() > 0) {
            out.printf(
                    Locale.ROOT,
                    "  allocated  %.1f bytes of Java heap per run%n",
                    result.allocatedPerRun());
            latencies(out);
        }
        out.printf(
                Locale.ROOT,
                "  overhead   measuring adds %.0f ns to a latency, and %.0f ns to the time of a"
                        + " run%n",
                timer.perLatency(),
                timer.perRun());
        if (result.lateness().getTotalCount() > 0) {
            out.printf(
                    Locale.ROOT,
                    "  precision  runs that a thread waited for began %.1f µs late (p50), %.1f µs"
                            + " (p99), %.1f µs (max)%n",
                    result.lateness().getValueAtPercentile(50) / 1e3,
                    result.lateness().getValueAtPercentile(99) / 1e3,
                    result.lateness().getMaxValue() / 1e3);
        }
        notes().forEach(note -> out.println("  note       " + note));
    }

    private String rate() {
        boolean whole = setup.rate() == Math.rint(setup.rate());
        return String.format(Locale.ROOT, whole ? "%,.0f" : "%,.3g", setup.rate());
    }

    private List<String> notes() {
        return result.notes(setup, reference);
    }

    private String compared() {
        String threads = reference.repeatable() ? "each thread's outputs with Model.run's" : "";
        if (!setup.expected()) {
            return threads.isEmpty() ? "nothing" : threads;
        }
        return "Model.run's outputs with the expected" + (threads.isEmpty() ? "" : ", " + threads);
    }

    private void latencies(PrintWriter out) {
        Histogram latencies = result.latencies();
        out.printf(
                "  latency, µs, %s%n",
                setup.rate() == null
                        ? "from the beginning of a run"
                        : "from when a run was due, so including queueing");
        latency(out, "min", (double) latencies.getMinValue());
        latency(out, "mean", latencies.getMean());
        for (double percentile : PERCENTILES) {
            latency(out, name(percentile), (double) latencies.getValueAtPercentile(percentile));
        }
        latency(out, "max", (double) latencies.getMaxValue());
    }

    private static void latency(PrintWriter out, String name, double nanos) {
        out.printf(Locale.ROOT, "    %-7s %,14.3f%n", name, nanos / 1e3);
    }

    /** Returns, for example, {@code p99.9}. */
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
        root.put("engine", setup.engine());
        root.put("java", BenchSetup.java()).put("processors", BenchSetup.processors());

        root.put("runs", result.runs()).put("elapsedSeconds", result.nanos() / 1e9);
        root.put("runsPerSecond", result.perSecond());
        root.put("allocatedBytesPerRun", result.runs() > 0 ? result.allocatedPerRun() : null);
        root.set("latencyNanos", json(result.latencies()));
        ObjectNode schedule = setup.rate() == null ? null : MAPPER.createObjectNode();
        if (schedule != null) {
            schedule.put("ratePerSecond", setup.rate()).put("planned", result.planned());
            schedule.put("notBegun", result.notBegun()).put("kept", result.isRateKept());
            schedule.set("lateNanos", json(result.lateness()));
        }
        root.set("schedule", schedule);
        root.putObject("timerNanos")
                .put("perLatency", timer.perLatency())
                .put("perRun", timer.perRun());
        root.put("comparedWithExpected", setup.expected());
        root.put("comparedWithModelRun", reference.repeatable());
        root.put("writesInputs", reference.writesInputs());
        root.put("stopped", result.stopped());
        ArrayNode notes = root.putArray("notes");
        notes().forEach(notes::add);
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    /** Returns null, which Jackson writes as such, for an empty histogram. */
    private static ObjectNode json(Histogram histogram) {
        if (histogram.getTotalCount() == 0) {
            return null;
        }
        ObjectNode node = MAPPER.createObjectNode();
        node.put("min", histogram.getMinValue()).put("mean", histogram.getMean());
        for (double percentile : PERCENTILES) {
            node.put(name(percentile), histogram.getValueAtPercentile(percentile));
        }
        return node.put("max", histogram.getMaxValue());
    }
}
