package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.libtorch.LibTorch;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * Measures loading and the first run in a fresh JVM: {@code LoadProbe PACKAGE INPUTS OUTPUTS
 * [WEIGHTS]}. Prints a name and a number per line, as {@code load_probe.cpp} does for PyTorch's own
 * loader:
 *
 * <ul>
 *   <li>{@code libtorch_ns}, {@code load_ns}, {@code run_ns}: loading libtorch, loading the model,
 *       its first run
 *   <li>{@code anon_kib_start}, {@code …_libtorch}, {@code …_load}, {@code …_run}: private memory
 *       ({@code RssAnon}) before and after these
 *   <li>{@code anon_kib_second}: what a second model over the same files adds, loaded and run
 *   <li>{@code written_bytes}: what the load passed to {@code write}
 * </ul>
 */
public final class LoadProbe {
    private LoadProbe() {}

    /** Loads and runs two models. */
    public static void main(String[] args) throws IOException {
        Path file = Path.of(args[0]);
        ModelOptions options = ModelOptions.defaults();
        if (args.length > 3) {
            options = options.weights(Path.of(args[3]));
        }
        reportMemory("start");
        long start = System.nanoTime();
        LibTorch.load();
        report("libtorch_ns", System.nanoTime() - start);
        reportMemory("libtorch");
        long written = proc("io", "wchar");
        start = System.nanoTime();
        try (Model first = Model.load(file, options);
                Arena arena = Arena.ofConfined()) {
            report("load_ns", System.nanoTime() - start);
            report("written_bytes", proc("io", "wchar") - written);
            reportMemory("load");
            GoldenCall call = GoldenCall.of(Path.of(args[1]), Path.of(args[2]));
            Tensor[] inputs = call.tensors(arena);
            start = System.nanoTime();
            GoldenCall.run(first, inputs);
            report("run_ns", System.nanoTime() - start);
            reportMemory("run");
            call.check(first, inputs);

            long before = proc("status", "RssAnon");
            try (Model second = Model.load(file, options)) {
                call.check(second, inputs);
                report("anon_kib_second", proc("status", "RssAnon") - before);
            }
        }
    }

    private static void reportMemory(String when) throws IOException {
        report("anon_kib_" + when, proc("status", "RssAnon"));
    }

    private static void report(String name, long value) {
        System.out.println(name + " " + value);
    }

    /** Reads a number of a file of {@code /proc/self}. */
    private static long proc(String file, String name) throws IOException {
        return Machine.number(Path.of("/proc/self", file), name);
    }
}
