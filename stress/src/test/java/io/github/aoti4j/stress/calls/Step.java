package io.github.aoti4j.stress.calls;

import java.util.ArrayList;
import java.util.List;

/**
 * One call, and how it is made.
 *
 * @param action what is called
 * @param how by which thread
 * @param seed chooses on what, and with which arguments
 */
record Step(Action action, How how, int seed) {
    /** Who makes a call. */
    enum How {
        SAME_THREAD,
        INTERRUPTED,
        /** Another thread, while this one waits. */
        OTHER_THREAD,
        VIRTUAL,
        /** Another thread, near the end of its stack. */
        DEEP,
        /** Another thread, whose context class loader has been closed, while this one waits. */
        FOREIGN,
        /** Another thread, while this one goes on with the next step. */
        CONCURRENT
    }

    @Override
    public String toString() {
        return action + "/" + how + "/" + seed;
    }

    static String encode(List<Step> steps) {
        return String.join(" ", steps.stream().map(Step::toString).toList());
    }

    static List<Step> decode(String text) {
        List<Step> steps = new ArrayList<>();
        for (String step : text.split(" ", -1)) {
            String[] parts = step.split("/", -1);
            steps.add(
                    new Step(
                            Action.valueOf(parts[0]),
                            How.valueOf(parts[1]),
                            Integer.parseInt(parts[2])));
        }
        return steps;
    }
}
