/** Loads PyTorch AOTInductor packages and runs them. */
module io.github.aoti4j {
    requires transitive io.github.aoti4j.weights;
    requires tools.jackson.databind;
    requires jdk.jfr;

    exports io.github.aoti4j;
}
