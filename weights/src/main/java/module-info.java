/** Files that hold tensors, opened by reading their index alone and mapped where they lie. */
module io.github.aoti4j.weights {
    requires transitive io.github.aoti4j.bindings;
    requires tools.jackson.databind;

    exports io.github.aoti4j.weights;
}
