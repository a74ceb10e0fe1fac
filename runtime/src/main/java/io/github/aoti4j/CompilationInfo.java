package io.github.aoti4j;

import io.github.aoti4j.internal.preflight.CompilationFacts;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model was compiled, as far as its package says.
 *
 * @param vectorExtensions those that PyTorch generated its kernels for, such as {@code AVX2}; empty
 *     if the package does not say
 * @param march the machine that the compiler was told to compile for, such as {@code x86-64-v3} or
 *     {@code native}; empty if the package does not say
 * @param frozen whether constants were folded and laid out when it was compiled ({@code freezing}),
 *     so that they cannot be replaced by weights of the PyTorch module; empty if the package holds
 *     no source
 * @param kernelThreads the number of threads of its own kernels, 1 if none runs in parallel; 0 if
 *     OpenMP decides; empty if the package holds no source. Products and convolutions of libtorch
 *     have a number of their own ({@link ModelOptions#intraOpThreads})
 * @param hints sentences on what this machine has and the model was not compiled for; unmodifiable
 */
public record CompilationInfo(
        Optional<String> vectorExtensions,
        Optional<String> march,
        Optional<Boolean> frozen,
        OptionalInt kernelThreads,
        List<String> hints) {
    static CompilationInfo of(CompilationFacts facts) {
        return new CompilationInfo(
                facts.vectorExtensions(),
                facts.march(),
                facts.frozen(),
                facts.kernelThreads(),
                facts.hints());
    }
}
