package io.github.aoti4j.bindings;

/** Placeholder of the skeleton. */
final class NativeLibrary {
    private NativeLibrary() {}
}
