package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;
import io.github.aoti4j.cli.Workload.Api;

import java.nio.file.Path;
import java.util.List;

/**
 * What {@code aoti bench} is to measure.
 *
 * @param runners how many runs may be in flight
 * @param intraOpThreads how many threads one operator may use; null for OpenMP's default
 * @param rate runs per second; null in a closed loop
 * @param source the file of the inputs; null for zeros
 * @param expected whether outputs have been compared with those of a file
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
        String engine) {
    static String java() {
        return System.getProperty("java.vm.name") + " " + Runtime.version();
    }

    static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }
}
