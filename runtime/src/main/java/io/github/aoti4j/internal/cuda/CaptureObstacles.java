package io.github.aoti4j.internal.cuda;

import java.util.List;
import java.util.Optional;

/** Why the runs of a model cannot be captured as a CUDA graph, judged by what it calls. */
public final class CaptureObstacles {
    private static final String PREFIX = "aoti_torch_";

    /** Parts of the names of libtorch's functions that draw random numbers, or seeds for them. */
    private static final List<String> RANDOM =
            List.of(
                    "rand bernoulli dropout multinomial normal_functional exponential uniform rrelu"
                            .split(" "));

    private CaptureObstacles() {}

    /** Returns the reason against a capture, for a model that calls these functions, or empty. */
    public static Optional<String> find(List<String> functions, boolean proxyCalls) {
        if (proxyCalls) {
            return Optional.of(
                    "it calls operators that are not compiled into it, and nothing states whether"
                            + " they can be recorded");
        }
        // Launches of a graph would all get the numbers of the first.
        return functions.stream()
                .filter(name -> name.startsWith(PREFIX) && RANDOM.stream().anyMatch(name::contains))
                .findFirst()
                .map(
                        "it draws random numbers (%s), and each launch would need new ones"
                                ::formatted);
    }
}
