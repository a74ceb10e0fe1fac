package io.github.aoti4j.weights.files;

import io.github.aoti4j.weights.mapped.MappedFile;

/** Gives the fuzzed reader a file that is in memory alone. */
public final class SafetensorsFuzz {
    private SafetensorsFuzz() {}

    /** Reads a file, which the result closes. */
    public static SafetensorsFile open(MappedFile file) {
        return file.handTo(SafetensorsFile::of);
    }
}
