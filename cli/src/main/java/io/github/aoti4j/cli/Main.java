package io.github.aoti4j.cli;

/** Placeholder of the skeleton. */
final class Main {
    private Main() {}
}
