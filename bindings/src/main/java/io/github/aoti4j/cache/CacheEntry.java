package io.github.aoti4j.cache;

import java.nio.file.Path;
import java.time.Instant;

/**
 * An entry of the {@link UserCache}.
 *
 * @param kind {@code libtorch}, {@code models} or {@code compiled}
 * @param lastUsed when it was made or last looked for, give or take a minute
 * @param mapped whether a process that this user may look into has a file of it loaded
 */
public record CacheEntry(
        String kind, String name, Path path, long bytes, Instant lastUsed, boolean mapped) {
    /** Libraries of libtorch that came on the class path. */
    public static final String LIBTORCH = "libtorch";

    /** Libraries of models, unpacked. */
    public static final String MODELS = "models";

    /** Libraries of models, compiled here. */
    public static final String COMPILED = "compiled";

    /** Tells whether it counts against the cache's limit. */
    public boolean isModel() {
        return !kind.equals(LIBTORCH);
    }
}
