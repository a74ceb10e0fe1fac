package io.github.aoti4j;

/** Placeholder of the skeleton. */
final class Model {
    private Model() {}
}
