package io.github.aoti4j.internal;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds kernels in which a failing check ends the process.
 *
 * <p>A generated kernel checks indices that depend on data with {@code AOTI_TORCH_CHECK}, which
 * throws. In a kernel that Inductor made parallel the throw happens in an OpenMP region, which C++
 * exceptions cannot leave: {@code std::terminate}. The source tells ({@code CppKernel} in {@code
 * torch/_inductor/codegen/cpp.py}).
 */
public final class ParallelChecks {
    private static final String FUNCTION = "extern \"C\"";
    private static final String REGION = "#pragma omp parallel";
    private static final String CHECK = "AOTI_TORCH_CHECK(";

    private ParallelChecks() {}

    /**
     * Searches a source.
     *
     * @param source generated C++
     * @return the names of the functions that hold both a parallel region and a check
     */
    public static List<String> find(String source) {
        List<String> found = new ArrayList<>();
        int start = source.indexOf(FUNCTION);
        while (start >= 0) {
            int next = source.indexOf(FUNCTION, start + FUNCTION.length());
            String function = source.substring(start, next < 0 ? source.length() : next);
            int region = function.indexOf(REGION);
            if (region >= 0 && function.indexOf(CHECK, region) >= 0) {
                found.add(name(function));
            }
            start = next;
        }
        return found;
    }

    private static String name(String function) {
        int end = function.indexOf('(');
        String signature = end < 0 ? function : function.substring(0, end);
        return signature.substring(signature.lastIndexOf(' ') + 1).strip();
    }
}
