package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.bindings.elf.ElfFile;

import java.util.List;
import java.util.Optional;

/**
 * Whether concurrent runs of a model disturb each other. Kernels of PyTorch 2.13 and later write
 * where a division of integers by zero is to be noted to a variable that their library has once
 * ({@code inductor_cpu_integer_div_error_flag} in {@code cpp_prefix.h}, up to 2.14): at their start
 * the address of a local variable, at their end null. If kernels run at once, a division by zero is
 * noted for another run, or for none; and the processors exchange the variable's cache line twice
 * for each kernel.
 */
public enum IntegerDivisions {
    /** The library has no such variable. */
    NOT_NOTED,

    /** Kernels write the variable, and divide no integers: concurrent runs cost time only. */
    NONE,

    /**
     * A division by zero in one run may fail another one, and leave the first with wrong values.
     */
    SOME;

    private static final String VARIABLE = "inductor_cpu_integer_div_error_flag";

    /** Calls of what notes. */
    private static final List<String> DIVISIONS =
            List.of("floor_divide_integral(", "remainder_integral(", " mod(", "(mod(");

    /**
     * Looks for them.
     *
     * @param kernels the texts of the {@code .kernel.cpp}
     */
    static IntegerDivisions of(ElfFile library, Optional<String> wrapper, List<String> kernels) {
        if (!library.definedSymbols().contains(VARIABLE)) {
            return NOT_NOTED;
        }
        // Without sources, there may be some.
        boolean some =
                kernels.isEmpty()
                        || areIn(kernels)
                        || (wrapper.isPresent() && areIn(wrapper.get()));
        return some ? SOME : NONE;
    }

    private static boolean areIn(List<String> sources) {
        for (String source : sources) {
            if (areIn(source)) {
                return true;
            }
        }
        return false;
    }

    /** No regular expression, which a fresh JVM would have to load. */
    private static boolean areIn(String source) {
        for (String division : DIVISIONS) {
            if (source.contains(division)) {
                return true;
            }
        }
        return false;
    }
}
