package io.github.aoti4j.internal.indices;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds the checks of indices in the generated kernels of a model.
 *
 * <p>A kernel checks indices that depend on data with {@code AOTI_TORCH_CHECK}, which throws. In a
 * kernel that Inductor made parallel the throw happens in an OpenMP region, which C++ exceptions
 * cannot leave: {@code std::terminate}. The source shows it ({@code CppKernel} in {@code
 * torch/_inductor/codegen/cpp.py}).
 */
public final class KernelChecks {
    private static final String FUNCTION = "extern \"C\"";
    private static final String REGION = "#pragma omp parallel";
    private static final String CHECK = "AOTI_TORCH_CHECK(";

    private KernelChecks() {}

    /** Searches a source. Returns the checks in its functions, in the order of the source. */
    public static List<KernelCheck> find(String source) {
        List<KernelCheck> found = new ArrayList<>();
        int check = source.indexOf(CHECK);
        int start = source.indexOf(FUNCTION);
        while (start >= 0 && check >= 0) {
            int next = source.indexOf(FUNCTION, start + FUNCTION.length());
            int end = next < 0 ? source.length() : next;
            if (check >= start && check < end) {
                search(source.substring(start, end), found);
            }
            start = next;
            if (check < end) {
                check = source.indexOf(CHECK, end);
            }
        }
        return found;
    }

    private static void search(String function, List<KernelCheck> found) {
        int bracket = function.indexOf('(');
        if (bracket < 0) {
            return;
        }
        String signature = function.substring(0, bracket).stripTrailing();
        int space = signature.lastIndexOf(' ');
        String name = signature.substring(space + 1);
        int region = function.indexOf(REGION, bracket);
        int parallelFrom = region < 0 ? -1 : region - space - 1;
        found.addAll(new KernelParser(name, function.substring(space + 1), parallelFrom).parse());
    }
}
