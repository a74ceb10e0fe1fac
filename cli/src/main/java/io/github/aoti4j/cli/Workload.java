package io.github.aoti4j.cli;

import io.github.aoti4j.CudaStream;
import io.github.aoti4j.DeviceRunner;
import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** What a worker runs repeatedly. Confined to the thread that opened it. */
sealed interface Workload extends AutoCloseable {
    void run();

    /** Runs, and returns the outputs; valid until the next run or close. */
    List<Tensor> outputs();

    @Override
    void close();

    /** The API by which a model is run. */
    enum Api {
        /** Inputs bound once; on a device, with copies to it and back. */
        RUNNER,

        /** The same on a device, as a CUDA graph. */
        GRAPH,

        /** Inputs passed to, and outputs allocated by, each run. */
        MODEL;

        Workload open(Model model, Tensor... inputs) {
            return switch (this) {
                case RUNNER ->
                        model.device().isCpu()
                                ? OfRunner.of(model.newRunner(inputs))
                                : OfRunner.of(model, model.newDeviceRunner(false, inputs));
                case GRAPH -> OfRunner.of(model, model.newDeviceRunner(true, inputs));
                case MODEL -> new OfModel(model, inputs);
            };
        }
    }

    /** {@link Runner#run} or {@link DeviceRunner#run}. */
    record OfRunner(Runnable runner, IntFunction<Tensor> output, int outputCount, Runnable closing)
            implements Workload {
        static OfRunner of(Runner runner) {
            return new OfRunner(runner::run, runner::output, runner.outputCount(), runner::close);
        }

        static OfRunner of(Model model, DeviceRunner runner) {
            return new OfRunner(
                    runner::run, runner::output, model.outputNames().size(), runner::close);
        }

        @Override
        public void run() {
            runner.run();
        }

        @Override
        public List<Tensor> outputs() {
            runner.run();
            Tensor[] outputs = new Tensor[outputCount];
            Arrays.setAll(outputs, output);
            // A list that takes nulls: None is an output too.
            return Arrays.asList(outputs);
        }

        @Override
        public void close() {
            closing.run();
        }
    }

    /**
     * {@link Model#run(Arena, Tensor...)} with an arena for each run; on a device including the
     * wait for its outputs.
     */
    final class OfModel implements Workload {
        private final Model model;
        private final Tensor[] inputs;
        private final Arena arena = Arena.ofConfined();

        /** Null on the CPU. */
        private final CudaStream stream;

        OfModel(Model model, Tensor... inputs) {
            this.model = model;
            this.inputs = inputs;
            this.stream = model.device().isCpu() ? null : CudaStream.current(model.device());
        }

        @Override
        public void run() {
            try (Arena outputs = Arena.ofConfined()) {
                List<Tensor> _ = model.run(outputs, inputs);
                if (stream != null) {
                    stream.synchronize();
                }
            }
        }

        @Override
        public List<Tensor> outputs() {
            return model.run(arena, inputs);
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
