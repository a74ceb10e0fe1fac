package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Entry;
import io.github.aoti4j.jmh.Workload;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A JMH benchmark, one fork at a time.
 *
 * @param benchmark class and method, below this project's package
 * @param entry null for a benchmark that has none
 * @param log where JMH writes what it has to say; see {@link Logs}
 */
record JmhContender(
        String name,
        String reference,
        String benchmark,
        Entry entry,
        List<String> jvmArguments,
        Path log)
        implements Contender {
    private static final String PACKAGE = "io.github.aoti4j.jmh.";
    private static final int WARM_UPS = 2;

    @Override
    public Sample measure(Workload workload, Timing timing) throws IOException {
        Path file = Logs.of(log, workload);
        var options =
                new OptionsBuilder()
                        .include("^" + (PACKAGE + benchmark).replace(".", "\\.") + "$")
                        .forks(1)
                        .warmupIterations(WARM_UPS)
                        .warmupTime(TimeValue.milliseconds(timing.warmUpMillis() / WARM_UPS))
                        .measurementIterations(timing.iterations())
                        .measurementTime(TimeValue.milliseconds(timing.iterationMillis()))
                        .addProfiler(GCProfiler.class)
                        .jvmArgsAppend(jvmArguments.toArray(String[]::new))
                        .shouldFailOnError(true)
                        .output(file.toString());
        if (workload != null) {
            options.param("workload", workload.name());
        }
        if (entry != null) {
            options.param("entry", entry.name());
        }
        try {
            return sample(new Runner(options.build()).runSingle());
        } catch (RunnerException e) {
            // What it says is that something went wrong.
            throw new IOException("it failed; see " + file, e);
        }
    }

    private static Sample sample(RunResult result) {
        List<Double> iterations =
                result.getBenchmarkResults().stream()
                        .flatMap(fork -> fork.getIterationResults().stream())
                        .map(iteration -> iteration.getPrimaryResult().getScore())
                        .toList();
        var bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
        return new Sample(Median.of(iterations), bytes == null ? Double.NaN : bytes.getScore());
    }
}
