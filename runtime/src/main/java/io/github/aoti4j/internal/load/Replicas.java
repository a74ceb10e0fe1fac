package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.List;
import java.util.Optional;

/**
 * Tells whether a model may have a native container for each run in flight, all with the same
 * constants, rather than one for all. A container for all takes three locks in each run, at which
 * its runs wait for one another; for a small model that costs as much as the model itself.
 */
final class Replicas {
    /**
     * Each container copies the weights that lie in the library, if any do: for the larger ones,
     * memory is worth more than the locks cost.
     */
    private static final long LARGEST_LIBRARY = 4 << 20;

    private Replicas() {}

    static boolean arePossible(LibrarySource library, PreflightReport examination) {
        Optional<List<ConstantSpec>> constants = examination.source().map(WrapperSource::constants);
        return library.size() <= LARGEST_LIBRARY
                && constants.isPresent()
                // Each container would fold for itself.
                && constants.get().stream().noneMatch(ConstantSpec::fromFolded)
                && (constants.get().isEmpty()
                        || library.elf().definedSymbols().containsAll(ConstantsApi.SHARING));
    }
}
