package io.github.aoti4j.jmh.figures;

import io.github.aoti4j.jmh.Workload;

import java.nio.file.Path;
import java.util.Locale;

/**
 * Where contenders leave what went wrong: a file for each and each workload, of its latest fork.
 */
final class Logs {
    private Logs() {}

    /**
     * Names the file.
     *
     * @param contender the beginning of its path
     * @param workload null for a contender that runs none
     */
    static Path of(Path contender, Workload workload) {
        String end = workload == null ? "" : "." + workload.name().toLowerCase(Locale.ROOT);
        return contender.resolveSibling(contender.getFileName() + end + ".log");
    }
}
