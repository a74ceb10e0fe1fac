package io.github.aoti4j.bindings;

import java.time.Duration;

/**
 * Which entries of the {@link UserCache} to remove. An entry goes if any of these says so. What a
 * process has mapped stays in any case, and so does a libtorch that was used in the last two
 * minutes, because a process may be about to load it.
 *
 * @param limit how many bytes of models may stay: the least recently used go first
 * @param age models go if they were not used for so long, and a libtorch if there is another one
 *     that was used since
 * @param all whether everything goes
 */
public record PruneRule(long limit, Duration age, boolean all) {}
