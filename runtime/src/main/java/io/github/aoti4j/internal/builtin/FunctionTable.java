package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.internal.builtin.math.Attention;
import io.github.aoti4j.internal.builtin.math.Convolution;
import io.github.aoti4j.internal.builtin.math.EmbeddingBag;
import io.github.aoti4j.internal.builtin.math.Histogram;
import io.github.aoti4j.internal.builtin.math.Indexing;
import io.github.aoti4j.internal.builtin.math.LstmLayer;
import io.github.aoti4j.internal.builtin.math.Pieces;
import io.github.aoti4j.internal.builtin.math.Scans;
import io.github.aoti4j.internal.builtin.math.Selection;
import io.github.aoti4j.internal.builtin.math.Sorting;

import java.util.ArrayList;
import java.util.List;

/**
 * The functions of libtorch's C shim that the built-in engine answers in Java. Accessors, which are
 * machine code in the stub library, are listed there.
 */
final class FunctionTable {
    /**
     * A function that is a static method.
     *
     * @param symbol the C name
     * @param home the class with the method, which returns nothing and throws if it fails
     * @param method its name
     * @param signature a letter for each argument: L for int64 and pointers, I for int32, D for
     *     double
     */
    record Function(String symbol, Class<?> home, String method, String signature) {}

    static final List<Function> FUNCTIONS = new ArrayList<>(BasicFunctions.LIST);

    private static final List<Function> OPERATORS =
            List.of(
                    new Function("aoti_torch_cpu_slice_Tensor", Pieces.class, "slice", "LLLLLL"),
                    new Function("aoti_torch_cpu_cat", Pieces.class, "cat", "LLLL"),
                    new Function(
                            "aoti_torch_cpu_nonzero_static",
                            Selection.class,
                            "nonzeroStatic",
                            "LLLL"),
                    new Function("aoti_torch_cpu_nonzero", Selection.class, "nonzero", "LL"),
                    new Function(
                            "aoti_torch_cpu_masked_select", Selection.class, "maskedSelect", "LLL"),
                    new Function(
                            "aoti_torch_cpu_repeat_interleave_Tensor",
                            Selection.class,
                            "repeatInterleave",
                            "LLL"),
                    new Function("aoti_torch_cpu_index_Tensor", Indexing.class, "index", "LLLL"),
                    new Function("aoti_torch_cpu_cumsum", Scans.class, "cumsum", "LLLL"),
                    new Function("aoti_torch_cpu_cumprod", Scans.class, "cumprod", "LLLL"),
                    new Function("aoti_torch_cpu_histc", Histogram.class, "histc", "LLDDL"),
                    new Function("aoti_torch_cpu_topk", Sorting.class, "topk", "LLLIILL"),
                    new Function("aoti_torch_cpu_sort", Sorting.class, "sort", "LLILL"),
                    new Function(
                            "aoti_torch_cpu_sort_stable", Sorting.class, "sortStable", "LLLILL"),
                    new Function(
                            "aoti_torch_cpu__embedding_bag",
                            EmbeddingBag.class,
                            "run",
                            "LLLILILILLLLL"),
                    new Function(
                            "aoti_torch_cpu_mkldnn_rnn_layer",
                            LstmLayer.class,
                            "run",
                            "LLLLLLLILLLLLIIIILLLL"),
                    new Function(
                            "aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu",
                            Attention.class,
                            "flash",
                            "LLLDILLLL"),
                    new Function(
                            "aoti_torch_cpu_convolution",
                            Convolution.class,
                            "convolution",
                            "LLLLLLLLLILLLL"));

    static {
        FUNCTIONS.addAll(OPERATORS);
        FUNCTIONS.addAll(ProductFunctions.LIST);
    }

    private FunctionTable() {}
}
