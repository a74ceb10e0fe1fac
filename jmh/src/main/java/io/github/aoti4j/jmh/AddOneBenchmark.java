package io.github.aoti4j.jmh;

/** Placeholder of the skeleton. */
final class AddOneBenchmark {
    private AddOneBenchmark() {}
}
