package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.cli.Workload.Api;

import java.nio.file.Path;
import java.util.List;

/**
 * What is measured.
 *
 * @param file the package
 * @param model the model's name in it
 * @param api how it is run
 * @param threads how many threads run it
 * @param runners how many runs may be in flight
 * @param intraOpThreads how many threads an operator may run on; null for libtorch's default
 * @param warmupSeconds for how long nothing was measured
 * @param seconds for how long it was
 * @param rate wanted runs per second; null in a closed loop
 * @param source where the inputs are from; null for zeros
 * @param inputs the inputs
 * @param expected whether outputs have been compared with a file's
 * @param libtorch describes libtorch
 */
record BenchSetup(
        Path file,
        String model,
        Api api,
        int threads,
        int runners,
        Integer intraOpThreads,
        double warmupSeconds,
        double seconds,
        Double rate,
        Path source,
        List<Tensor> inputs,
        boolean expected,
        String libtorch) {
    static String java() {
        return System.getProperty("java.vm.name") + " " + Runtime.version();
    }

    static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }
}
