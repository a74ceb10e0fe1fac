package io.github.aoti4j.core;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Something that is kept in the cache.
 *
 * @param kind {@code models} (unpacked), {@code compiled} or {@code libtorch}
 * @param name its folder's name, unique among its kind: a digest of the content, or a version
 * @param path its folder
 * @param bytes the sizes of its files together
 * @param lastUsed when it was made or last loaded, give or take a minute
 * @param mapped whether a process is using it, as far as this user may know
 */
public record CacheEntry(
        String kind, String name, Path path, long bytes, Instant lastUsed, boolean mapped) {
    /** Libraries of libtorch that came on the class path. */
    public static final String LIBTORCH = "libtorch";

    /** Libraries of models, unpacked. */
    public static final String MODELS = "models";

    /** Libraries of models, compiled here. */
    public static final String COMPILED = "compiled";

    /**
     * Returns whether it counts against the cache's limit.
     *
     * @return false for libtorch
     */
    public boolean isModel() {
        return !kind.equals(LIBTORCH);
    }
}
