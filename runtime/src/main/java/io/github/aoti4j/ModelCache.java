package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.cache.CacheEntry;
import io.github.aoti4j.cache.PruneRule;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The folder in which unpacked and compiled libraries of models are kept between loads, and an
 * unpacked libtorch.
 *
 * <p>It is {@code ~/.cache/aoti4j}, or what {@code -Daoti.cache} or {@code AOTI_CACHE} names. Any
 * number of processes may use it, load from it and clean it up at the same time, and any of them
 * may be killed at any moment. Nothing in it is needed: what is removed is made again. When a model
 * is added and the models exceed the {@link #limit}, those go that were not used for the longest
 * time.
 *
 * <p>Immutable and thread-safe.
 */
public final class ModelCache {
    private final UserCache cache;

    private ModelCache(UserCache cache) {
        this.cache = cache;
    }

    /**
     * Something that is kept.
     *
     * @param kind {@code models} (unpacked), {@code compiled} or {@code libtorch}
     * @param name unique among its kind: a digest of the content, or a version
     * @param path its folder
     * @param bytes its size
     * @param lastUsed when it was last loaded, give or take a minute
     * @param mapped whether a process is using it, as far as this user may know
     */
    public record Entry(
            String kind, String name, Path path, long bytes, Instant lastUsed, boolean mapped) {
        private static Entry of(CacheEntry entry) {
            return new Entry(
                    entry.kind(),
                    entry.name(),
                    entry.path(),
                    entry.bytes(),
                    entry.lastUsed(),
                    entry.mapped());
        }
    }

    /**
     * Returns the cache that models of this process are loaded through.
     *
     * @return the cache; nothing is made or read yet
     * @throws AotiException if a setting makes no sense
     */
    public static ModelCache ofProcess() {
        return new ModelCache(UserCache.ofProcess());
    }

    /**
     * Returns the folders that it lies in.
     *
     * @return those that are there: usually one, none before the first use
     */
    public List<Path> folders() {
        return cache.existingRoots();
    }

    /**
     * Returns how many bytes the models in it may have together. libtorch does not count.
     *
     * @return 4 GiB, or what {@code -Daoti.cache.limit} or {@code AOTI_CACHE_LIMIT} says; {@link
     *     Long#MAX_VALUE} for any number
     */
    public long limit() {
        return cache.limit();
    }

    /**
     * Lists what is kept.
     *
     * @return the entries, those last used first
     * @throws AotiException if the folder cannot be read
     */
    public List<Entry> entries() {
        return cache.entries().stream().map(Entry::of).toList();
    }

    /**
     * Removes the models that are over the limit, a libtorch that another one has taken the place
     * of and that was not used for 30 days, and what killed processes left half done. What a
     * process is using stays.
     *
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<Entry> prune() {
        return prune(limit());
    }

    /**
     * Removes what {@link #prune()} does, with another limit.
     *
     * @param maxBytes how many bytes of models may stay; the least recently used go first
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<Entry> prune(long maxBytes) {
        return prune(new PruneRule(maxBytes, PruneRule.NEVER, PruneRule.SUPERSEDED, false));
    }

    /**
     * Removes what {@link #prune()} does, and what was not used for some time, except for the
     * libtorch that was used last.
     *
     * @param maxBytes how many bytes of models may stay
     * @param unusedFor how long something must not have been used to go
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<Entry> prune(long maxBytes, Duration unusedFor) {
        requireNonNull(unusedFor, "unusedFor");
        return prune(new PruneRule(maxBytes, unusedFor, unusedFor, false));
    }

    /**
     * Removes everything that no process is using, and no libtorch that was used in the last two
     * minutes.
     *
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<Entry> pruneAll() {
        return prune(new PruneRule(limit(), PruneRule.NEVER, PruneRule.SUPERSEDED, true));
    }

    private List<Entry> prune(PruneRule rule) {
        StackGuard.requireForLoad();
        return cache.prune(rule).stream().map(Entry::of).toList();
    }
}
