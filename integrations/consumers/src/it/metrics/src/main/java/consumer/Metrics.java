package consumer;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.micrometer.ModelMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Counts a run of the digits model. */
public final class Metrics {
    public static void main(String[] args) {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (ModelMetrics metrics = new ModelMetrics("digits");
                Model model =
                        Model.load(
                                Path.of(args[0], "digits.pt2"),
                                ModelOptions.defaults().listener(metrics));
                Arena arena = Arena.ofConfined()) {
            metrics.bindTo(registry);
            model.run(arena, Tensor.of(arena, new float[64], 1, 1, 8, 8));
            long runs = registry.get("aoti4j.model.run").tags("outcome", "success").timer().count();
            if (runs != 1) {
                throw new AssertionError("runs: " + runs);
            }
        }
    }
}
