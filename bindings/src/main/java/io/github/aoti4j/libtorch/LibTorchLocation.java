package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.elf.ElfExports;
import io.github.aoti4j.core.IncompatibleModelException;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * A libtorch that has been found, whether or not it is loaded.
 *
 * @param origin how it was found
 * @param directory the folder that holds {@code libtorch_cpu.so}
 */
public record LibTorchLocation(LibTorchOrigin origin, Path directory) {
    /** The library that exports PyTorch's C shim. */
    static final String LIBRARY = "libtorch_cpu.so";

    /** {@return the path of {@code libtorch_cpu.so}, which exports PyTorch's C shim} */
    public Path library() {
        return directory.resolve(LIBRARY);
    }

    /**
     * Lists the symbols that this libtorch does not export, without loading it.
     *
     * @param symbols C names
     * @return those that are missing, in the order given
     * @throws IncompatibleModelException if the library cannot be read, or is for another machine
     */
    public List<String> missing(Collection<String> symbols) {
        return ElfExports.missing(library(), symbols);
    }
}
