package io.github.aoti4j.internal.cuda;

import java.util.List;
import java.util.Optional;

/**
 * Why the runs of a model cannot be captured as a CUDA graph, as far as the functions tell that it
 * calls.
 */
public final class CaptureObstacles {
    private static final String PREFIX = "aoti_torch_";

    /** Parts of the names of libtorch's functions that draw random numbers, or seeds for them. */
    private static final List<String> RANDOM =
            List.of(
                    "rand",
                    "bernoulli",
                    "dropout",
                    "multinomial",
                    "normal_functional",
                    "exponential",
                    "uniform",
                    "rrelu");

    private CaptureObstacles() {}

    /**
     * Looks for obstacles.
     *
     * @param proxyCalls whether it calls operators through the proxy executor
     * @return the reason; empty if nothing speaks against a capture
     */
    public static Optional<String> find(List<String> functions, boolean proxyCalls) {
        if (proxyCalls) {
            return Optional.of(
                    "it calls operators that are not compiled into it, and nothing tells whether"
                            + " they can be recorded");
        }
        for (String function : functions) {
            if (function.startsWith(PREFIX)) {
                for (String part : RANDOM) {
                    // Launches of a graph would all get the numbers of the first.
                    if (function.contains(part)) {
                        return Optional.of(
                                "it draws random numbers (%s), and each launch would need new ones"
                                        .formatted(function));
                    }
                }
            }
        }
        return Optional.empty();
    }
}
