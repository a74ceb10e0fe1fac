package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Runner;
import io.github.aoti4j.core.Engine;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Times {@code Runner.run} in a fresh JVM, after its answer has been checked: {@code ModelProbe
 * ENGINE THREADS PACKAGE INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS}.
 */
public final class ModelProbe {
    private ModelProbe() {}

    public static void main(String[] args) throws Exception {
        ModelOptions options =
                ModelOptions.defaults()
                        .engine(Engine.of(args[0]))
                        .intraOpThreads(Integer.parseInt(args[1]))
                        .runners(1);
        GoldenCall call = GoldenCall.of(Path.of(args[3]), Path.of(args[4]));
        try (Model model = Model.load(Path.of(args[2]), options);
                Arena arena = Arena.ofConfined();
                Runner runner = model.newRunner(call.tensors(arena))) {
            runner.run();
            List<float[]> answers = new ArrayList<>();
            for (int i = 0; i < call.outputs().size(); i++) {
                answers.add(runner.output(i).toFloatArray());
            }
            call.require(answers);
            Iterations.of(args).print(runner::run);
        }
    }
}
