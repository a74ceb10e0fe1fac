package io.github.aoti4j.weights;

/** Placeholder of the skeleton. */
final class SafetensorsFile {
    private SafetensorsFile() {}
}
