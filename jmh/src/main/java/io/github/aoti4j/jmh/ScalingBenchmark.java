package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One model, {@code runners(2)}, and a runner for each of one or two threads: time of a run as each
 * thread sees it. Two threads have the throughput of two times {@code one / two}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 5, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ScalingBenchmark {
    /** What the threads share. */
    @State(Scope.Benchmark)
    public static class Shared {
        /** What is run. */
        @Param public Workload workload;

        private Model model;

        /** Loads the model. */
        @Setup
        public void setUp() {
            model = Model.load(workload.packageFile(), Entry.CONCURRENT.options());
        }

        /** Frees it. */
        @TearDown
        public void tearDown() {
            model.close();
        }
    }

    /** What each thread has. */
    @State(Scope.Thread)
    public static class Own {
        private Arena arena;
        private Runner runner;

        /** Makes a runner and checks its answer. */
        @Setup
        public void setUp(Shared shared) {
            GoldenCall call = GoldenCall.of(shared.workload);
            arena = Arena.ofConfined();
            runner = shared.model.newRunner(call.tensors(arena));
            runner.run();
            call.require(List.of(runner.output(0).toFloatArray()));
        }

        /** Frees everything. */
        @TearDown
        public void tearDown() {
            runner.close();
            arena.close();
        }
    }

    /** One thread. */
    @Benchmark
    @Threads(1)
    public void one(Own own) {
        own.runner.run();
    }

    /** Two threads. */
    @Benchmark
    @Threads(2)
    public void two(Own own) {
        own.runner.run();
    }
}
