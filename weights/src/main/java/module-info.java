/** Files that hold tensors, opened by reading their index alone and mapped where they lie. */
// The qualified target is compiled after this module.
@SuppressWarnings("module")
module io.github.aoti4j.weights {
    requires transitive io.github.aoti4j.bindings;
    requires tools.jackson.databind;

    exports io.github.aoti4j.weights;
    exports io.github.aoti4j.weights.files;
    exports io.github.aoti4j.weights.mapped to
            io.github.aoti4j;
    exports io.github.aoti4j.weights.pt2 to
            io.github.aoti4j;
    exports io.github.aoti4j.weights.zip to
            io.github.aoti4j;
}
