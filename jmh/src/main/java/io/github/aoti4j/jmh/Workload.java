package io.github.aoti4j.jmh;

import java.nio.file.Path;

/** What is run: a network and a call of it whose answer is known. Paths are from the root. */
public enum Workload {
    /** {@code x + 1} on 8x10 floats: what a call costs. */
    ADD_ONE("add_one", "x + 1, 8x10", Home.TESTS, "ramp"),
    /** The 10-16-1 network of PyTorch's tutorial on one row. */
    MLP_1("mlp", "MLP, batch 1", Home.TESTS, "batch1"),
    /** The same on eight rows. */
    MLP_8("mlp", "MLP, batch 8", Home.TESTS, "batch8"),
    /** The same on 1024 rows. */
    MLP_1024("mlp", "MLP, batch 1024", Home.TESTS, "batch1024"),
    /** The demo's convolutional network on one image. */
    DIGITS("digits", "digits", Home.DEMO, "one"),
    /** Two layers of a transformer, 64 wide, on 32 positions. */
    TRANSFORMER("transformer", "transformer", Home.BENCHMARKS, "random"),
    /** The sum of 100 inputs of eight floats: what an input costs. */
    INPUTS_100("inputs100", "100 inputs", Home.BENCHMARKS, "random");

    /** Where packages lie. */
    private enum Home {
        TESTS,
        DEMO,
        BENCHMARKS
    }

    private static final Path FIXTURES = Path.of("jmh/src/fixtures");

    private final String network;
    private final String label;
    private final Home home;
    private final String call;

    Workload(String network, String label, Home home, String call) {
        this.network = network;
        this.label = label;
        this.home = home;
        this.call = call;
    }

    /** Returns what tables call it. */
    public String label() {
        return label;
    }

    /** Returns the package. */
    public Path packageFile() {
        Path folder =
                switch (home) {
                    case TESTS -> Path.of("runtime/src/test/fixtures", network);
                    case DEMO -> Path.of("cli/src/main/resources/io/github/aoti4j/cli/digits");
                    case BENCHMARKS -> FIXTURES.resolve(network);
                };
        return folder.resolve(network + ".pt2");
    }

    /** Returns what the network is run on. */
    public Path inputs() {
        return callFolder().resolve(call + ".inputs.safetensors");
    }

    /** Returns what PyTorch answers. */
    public Path outputs() {
        return callFolder().resolve(call + ".outputs.safetensors");
    }

    /** Returns the same network, with the same weights, for ONNX Runtime. */
    public Path onnx() {
        return FIXTURES.resolve(network, network + ".onnx");
    }

    /** Returns the same network, with the same weights, for DJL. */
    public Path torchScript() {
        return FIXTURES.resolve(network, network + ".torchscript");
    }

    private Path callFolder() {
        return home == Home.TESTS ? packageFile().getParent() : FIXTURES.resolve(network);
    }
}
