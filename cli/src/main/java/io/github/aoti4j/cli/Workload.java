package io.github.aoti4j.cli;

import io.github.aoti4j.CudaStream;
import io.github.aoti4j.DeviceRunner;
import io.github.aoti4j.Model;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/** What a thread does again and again. Belongs to the thread that opened it. */
sealed interface Workload extends AutoCloseable {
    /** One run. */
    void run();

    /**
     * One run, and what came out of it.
     *
     * @return valid until the next run or close
     */
    List<Tensor> answer();

    @Override
    void close();

    /** By which of the two ways a model is run. */
    enum Api {
        /** Inputs bound once; on a device, with copies to it and back. */
        RUNNER,

        /** The same on a device, as a CUDA graph. */
        GRAPH,

        /** Inputs given and outputs made by each run. */
        MODEL;

        Workload open(Model model, Tensor... inputs) {
            return switch (this) {
                case RUNNER ->
                        model.device().isCpu()
                                ? new OfRunner(model.newRunner(inputs))
                                : onDevice(model, false, inputs);
                case GRAPH -> onDevice(model, true, inputs);
                case MODEL -> new OfModel(model, inputs);
            };
        }

        private static Workload onDevice(Model model, boolean captured, Tensor... inputs) {
            return new OfDeviceRunner(
                    model.newDeviceRunner(captured, inputs), model.outputNames().size());
        }
    }

    /** {@link Runner#run}. */
    record OfRunner(Runner runner) implements Workload {
        @Override
        public void run() {
            runner.run();
        }

        @Override
        public List<Tensor> answer() {
            runner.run();
            Tensor[] outputs = new Tensor[runner.outputCount()];
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = runner.output(i);
            }
            // A list that takes nulls: None is an output too.
            return Arrays.asList(outputs);
        }

        @Override
        public void close() {
            runner.close();
        }
    }

    /** {@link DeviceRunner#run}. */
    record OfDeviceRunner(DeviceRunner runner, int outputCount) implements Workload {
        @Override
        public void run() {
            runner.run();
        }

        @Override
        public List<Tensor> answer() {
            runner.run();
            Tensor[] outputs = new Tensor[outputCount];
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = runner.output(i);
            }
            return Arrays.asList(outputs);
        }

        @Override
        public void close() {
            runner.close();
        }
    }

    /**
     * {@link Model#run(Arena, Tensor...)}, with an arena for each run. On a device it includes the
     * wait until the outputs are there.
     */
    final class OfModel implements Workload {
        private final Model model;
        private final Tensor[] inputs;
        private final Arena answers = Arena.ofConfined();

        /** Null on the CPU. */
        private final CudaStream stream;

        OfModel(Model model, Tensor... inputs) {
            this.model = model;
            this.inputs = inputs;
            this.stream = model.device().isCpu() ? null : CudaStream.current(model.device());
        }

        @Override
        public void run() {
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> _ = model.run(arena, inputs);
                if (stream != null) {
                    stream.synchronize();
                }
            }
        }

        @Override
        public List<Tensor> answer() {
            return model.run(answers, inputs);
        }

        @Override
        public void close() {
            answers.close();
        }
    }
}
