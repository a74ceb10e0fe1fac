package io.github.aoti4j.cache;

import java.time.Duration;

/**
 * Which entries of the {@link UserCache} to remove: each that one of these selects. What a process
 * has mapped stays in any case, and so does a libtorch that was used in the last two minutes,
 * because a process may be about to load it.
 *
 * @param limit how many bytes of models may stay: the least recently used are removed first
 * @param models the age, since the last use, from which models are removed
 * @param libtorch the same of libtorch, unless it is the one used last
 * @param all whether to remove everything
 */
public record PruneRule(long limit, Duration models, Duration libtorch, boolean all) {
    /** An age that nothing has. */
    public static final Duration NEVER = Duration.ofDays(1_000_000);

    /** How long a libtorch is kept that another one has replaced. */
    public static final Duration SUPERSEDED = Duration.ofDays(30);
}
