package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.cache.PruneRule;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CacheEntry;

import java.nio.file.Path;
import java.time.Duration;
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
    public List<CacheEntry> entries() {
        return cache.entries();
    }

    /**
     * Removes the models that are over the limit, a libtorch that another one has taken the place
     * of and that was not used for 30 days, and what killed processes left half done. What a
     * process is using stays.
     *
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<CacheEntry> prune() {
        return prune(limit());
    }

    /**
     * Removes what {@link #prune()} does, with another limit.
     *
     * @param maxBytes how many bytes of models may stay; the least recently used go first
     * @return what was removed
     * @throws AotiException if the folder cannot be read or an entry not removed
     */
    public List<CacheEntry> prune(long maxBytes) {
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
    public List<CacheEntry> prune(long maxBytes, Duration unusedFor) {
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
    public List<CacheEntry> pruneAll() {
        return prune(new PruneRule(limit(), PruneRule.NEVER, PruneRule.SUPERSEDED, true));
    }

    private List<CacheEntry> prune(PruneRule rule) {
        StackGuard.requireForLoad();
        return cache.prune(rule);
    }
}
