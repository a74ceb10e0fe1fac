package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.math.GroupedProducts;
import io.github.aoti4j.internal.builtin.math.MatrixProducts;

import java.util.List;

/** The functions that multiply matrices. */
final class ProductFunctions {
    static final List<Function> LIST =
            List.of(
                    function("mm_out", "mm", "LLL"),
                    function("bmm_out", "bmm", "LLL"),
                    function("addmm_out", "addmm", "LLLLDD"),
                    function("baddbmm_out", "baddbmm", "LLLLDD"),
                    function("_addmm_activation", "addmmActivation", "LLLDDIL"),
                    function("addmv", "addmv", "LLLDDL"),
                    new Function(
                            "aoti_torch_cpu__grouped_mm",
                            GroupedProducts.class,
                            "groupedMm",
                            "LLLLLL"));

    private ProductFunctions() {}

    private static Function function(String name, String method, String signature) {
        return new Function("aoti_torch_cpu_" + name, MatrixProducts.class, method, signature);
    }
}
