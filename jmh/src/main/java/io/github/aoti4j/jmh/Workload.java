package io.github.aoti4j.jmh;

import java.nio.file.Path;

/** What is run: a network, and a golden call of it. Paths are relative to the repository's root. */
public enum Workload {
    /** The cost of a call. */
    ADD_ONE("x + 1, 8x10", "runtime/src/test/fixtures/add_one", "add_one", "ramp"),
    /** The 10-16-1 network of PyTorch's tutorial. */
    MLP_1("MLP, batch 1", "runtime/src/test/fixtures/mlp", "mlp", "batch1"),
    MLP_8("MLP, batch 8", "runtime/src/test/fixtures/mlp", "mlp", "batch8"),
    MLP_1024("MLP, batch 1024", "runtime/src/test/fixtures/mlp", "mlp", "batch1024"),
    /** The demo's convolutional network on one image. */
    DIGITS("digits", "cli/src/main/resources/io/github/aoti4j/cli/digits", "digits", "one"),
    /** Two layers of a transformer, 64 wide, on 32 positions. */
    TRANSFORMER("transformer", "jmh/src/fixtures/transformer", "transformer", "random"),
    /** The sum of 100 inputs of eight floats: the cost of an input. */
    INPUTS_100("100 inputs", "jmh/src/fixtures/inputs100", "inputs100", "random");

    private final String label;
    private final Path folder;
    private final String network;
    private final String call;

    Workload(String label, String folder, String network, String call) {
        this.label = label;
        this.folder = Path.of(folder);
        this.network = network;
        this.call = call;
    }

    public String label() {
        return label;
    }

    public Path packageFile() {
        return folder.resolve(network + ".pt2");
    }

    public Path inputs() {
        return calls().resolve(call + ".inputs.safetensors");
    }

    /** Returns the file of PyTorch's outputs. */
    public Path outputs() {
        return calls().resolve(call + ".outputs.safetensors");
    }

    /** The demo's package lies among its resources, without a call. */
    private Path calls() {
        return this == DIGITS ? fixtures() : folder;
    }

    /** Returns the same network with the same weights, for ONNX Runtime. */
    public Path onnx() {
        return fixtures().resolve(network + ".onnx");
    }

    /** Returns the same network with the same weights, for DJL. */
    public Path torchScript() {
        return fixtures().resolve(network + ".torchscript");
    }

    private Path fixtures() {
        return Path.of("jmh/src/fixtures", network);
    }
}
