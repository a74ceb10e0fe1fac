package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.torch.DispatcherApi;
import io.github.aoti4j.bindings.torch.OperatorRegistration;

import java.util.Optional;

/** The schemas of the operators that are registered in this process. */
final class Schemas {
    private Schemas() {}

    /** What the dispatcher knows of an operator. */
    record Known(String schema, String origin) {
        /** Returns whether it was registered by this class or by another copy of it. */
        boolean isJava() {
            return origin.startsWith(OperatorRegistration.REGISTERED_AT);
        }
    }

    /** Asks the dispatcher; empty if it knows no operator of that name, or no schema of it. */
    static Optional<Known> find(String operator, String overload) {
        String text;
        // Registering and asking must not overlap.
        synchronized (JavaOperators.LOCK) {
            text = DispatcherApi.describe(operator, overload).orElse("");
        }
        String origin = line(text, "debug: ").orElse("");
        return line(text, "schema: ")
                .filter(schema -> schema.contains("->"))
                .map(schema -> new Known(schema, origin));
    }

    private static Optional<String> line(String text, String start) {
        return text.lines()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .map(line -> line.substring(start.length()));
    }
}
