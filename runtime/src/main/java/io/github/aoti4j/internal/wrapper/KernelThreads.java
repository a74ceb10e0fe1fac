package io.github.aoti4j.internal.wrapper;

import java.util.List;
import java.util.OptionalInt;

/** On how many threads the kernels of a generated source run, as their directives say. */
public final class KernelThreads {
    private static final String PARALLEL = "#pragma omp parallel";
    private static final String COUNT = "num_threads(";
    private static final int MAX_DIGITS = 5;

    private KernelThreads() {}

    /**
     * Returns the largest number of threads that a kernel names; 1 if none runs in parallel; empty
     * if one leaves the number to OpenMP.
     */
    public static OptionalInt of(List<String> sources) {
        int most = 1;
        for (String source : sources) {
            for (int at = source.indexOf(PARALLEL);
                    at >= 0;
                    at = source.indexOf(PARALLEL, at + 1)) {
                int end = source.indexOf('\n', at);
                String line = source.substring(at, end < 0 ? source.length() : end);
                int threads = count(line);
                if (threads < 1) {
                    return OptionalInt.empty();
                }
                most = Math.max(most, threads);
            }
        }
        return OptionalInt.of(most);
    }

    /** Returns the number that a directive names; 0 if it names none. */
    private static int count(String line) {
        int from = line.indexOf(COUNT);
        if (from < 0) {
            return 0;
        }
        from += COUNT.length();
        int to = from;
        while (to < line.length() && '0' <= line.charAt(to) && line.charAt(to) <= '9') {
            to++;
        }
        return from < to && to - from <= MAX_DIGITS
                ? Integer.parseInt(line.substring(from, to))
                : 0;
    }
}
