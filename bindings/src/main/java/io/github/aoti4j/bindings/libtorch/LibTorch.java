package io.github.aoti4j.bindings.libtorch;

/** Placeholder of the skeleton. */
final class LibTorch {
    private LibTorch() {}
}
