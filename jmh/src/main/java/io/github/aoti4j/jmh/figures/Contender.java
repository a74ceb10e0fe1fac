package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Workload;

/** A way to run a workload. */
interface Contender {
    /** What tables call it. */
    String name();

    /** The name of the contender that it is compared with. */
    String reference();

    /**
     * Measures one fork, after a check of the answer.
     *
     * @throws Exception if it cannot be had here, or its answer is wrong
     */
    Sample measure(Workload workload, Timing timing) throws Exception;
}
