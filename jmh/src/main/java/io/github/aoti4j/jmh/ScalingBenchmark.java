package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * One or two threads, each with a runner of one model with {@code runners(2)}: the time of a run in
 * each thread. Two threads have the throughput of two times {@code one / two}.
 */
public class ScalingBenchmark extends RunBenchmark {
    @State(Scope.Benchmark)
    public static class Shared {
        @Param public Workload workload;

        @Param({"CONCURRENT", "BUILT_IN_CONCURRENT"})
        public Entry entry;

        private Model model;

        @Setup
        public void setUp() {
            model = Model.load(workload.packageFile(), entry.options());
        }

        @TearDown
        public void tearDown() {
            model.close();
        }
    }

    @State(Scope.Thread)
    public static class Own {
        private Arena arena;
        private Runner runner;

        @Setup
        public void setUp(Shared shared) {
            GoldenCall call = GoldenCall.of(shared.workload);
            arena = Arena.ofConfined();
            runner = shared.model.newRunner(call.tensors(arena));
            runner.run();
            call.require(List.of(runner.output(0).toFloatArray()));
        }

        @TearDown
        public void tearDown() {
            runner.close();
            arena.close();
        }
    }

    @Benchmark
    @Threads(1)
    public void one(Own own) {
        own.runner.run();
    }

    @Benchmark
    @Threads(2)
    public void two(Own own) {
        own.runner.run();
    }
}
