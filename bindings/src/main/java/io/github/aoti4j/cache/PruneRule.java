package io.github.aoti4j.cache;

import java.time.Duration;

/**
 * Which entries of the {@link UserCache} to remove. An entry goes if any of these says so. What a
 * process has mapped stays in any case, and so does a libtorch that was used in the last two
 * minutes, because a process may be about to load it.
 *
 * @param limit how many bytes of models may stay: the least recently used go first
 * @param models models go that were not used for so long
 * @param libtorch a libtorch goes that was not used for so long, if there is another one that was
 *     used since
 * @param all whether everything goes
 */
public record PruneRule(long limit, Duration models, Duration libtorch, boolean all) {
    /** An age that nothing has. */
    public static final Duration NEVER = Duration.ofDays(1_000_000);

    /** How long a libtorch is kept that another one has taken the place of. */
    public static final Duration SUPERSEDED = Duration.ofDays(30);
}
