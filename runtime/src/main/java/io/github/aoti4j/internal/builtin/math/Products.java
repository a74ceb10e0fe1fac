package io.github.aoti4j.internal.builtin.math;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.core.IncompatibleModelException;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What the operators that multiply matrices have in common, as far as it concerns loading. */
public final class Products {
    /** Parts of the names of such operators. */
    private static final List<String> OPERATORS = List.of("mm", "convolution", "attention", "rnn");

    private Products() {}

    /** Returns whether one of these functions multiplies matrices. */
    public static boolean areIn(Collection<String> symbols) {
        for (String symbol : symbols) {
            if (symbol.startsWith("aoti_torch_cpu_")) {
                for (String operator : OPERATORS) {
                    if (symbol.contains(operator)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Returns why products are slower than libtorch's; empty if they are not. */
    public static Optional<String> slower() {
        try {
            return OpenBlas.load(null)
                    ? Optional.empty()
                    : Optional.of("matrix products would run in Java: " + OpenBlas.description());
        } catch (IncompatibleModelException e) {
            // Loading the model fails with it.
            return Optional.empty();
        }
    }

    /**
     * Makes ready what products need. A run may have too little stack for that, and must not begin
     * it.
     *
     * @param symbols the functions that the model calls
     * @param openBlas a library or its folder, which the caller names, or null
     * @throws IncompatibleModelException if the OpenBLAS that the user has named cannot be used
     */
    public static void prepare(Collection<String> symbols, Path openBlas) {
        if (OpenBlas.load(openBlas)) {
            OpenBlas.prepare();
        }
        Gemm.prepare();
        BatchedGemm.prepare();
        Parallel.prepare();
        if (symbols.contains("aoti_torch_cpu__addmm_activation")) {
            Activation.prepare();
        }
    }
}
