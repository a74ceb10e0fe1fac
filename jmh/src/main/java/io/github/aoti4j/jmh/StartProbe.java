package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.core.Engine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * The first answer of a fresh JVM: {@code StartProbe ENGINE PACKAGE INPUTS OUTPUTS} loads a model,
 * runs it, checks the answer, and prints the resident memory in KiB.
 */
public final class StartProbe {
    private StartProbe() {}

    public static void main(String[] args) throws IOException {
        ModelOptions options = ModelOptions.defaults().engine(Engine.of(args[0]));
        GoldenCall call = GoldenCall.of(Path.of(args[2]), Path.of(args[3]));
        try (Model model = Model.load(Path.of(args[1]), options);
                Arena arena = Arena.ofConfined()) {
            call.check(model, call.tensors(arena));
            System.out.println(StartFigures.ANSWERED);
            System.out.println(Machine.number(Path.of("/proc/self/status"), "VmRSS"));
        }
    }
}
