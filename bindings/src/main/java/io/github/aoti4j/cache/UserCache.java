package io.github.aoti4j.cache;

import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.CacheEntry;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The user's folder for files that are unpacked once and then loaded by every process.
 *
 * <p>It is the first of these that is set: the system property {@code aoti.cache}, the environment
 * variable {@code AOTI_CACHE}, {@code $XDG_CACHE_HOME/aoti4j}, {@code ~/.cache/aoti4j}. Where one
 * of the latter two cannot be written to, as in many containers, {@code aoti4j-UID} in the folder
 * for temporary files takes its place; it has to belong to this user and be closed to others,
 * because code is loaded from it. A folder that was asked for by name has no substitute.
 *
 * <p>Its entries are folders, {@code KIND/NAME}: {@code libtorch}, {@code models} (libraries
 * unpacked) and {@code compiled} (libraries compiled from source). Whenever one of the latter two
 * is added and they exceed the limit together, those are removed that were not used for the longest
 * time and that no process has mapped: 4 GiB, or what the system property {@code aoti.cache.limit}
 * or the environment variable {@code AOTI_CACHE_LIMIT} says, such as {@code 500M}, {@code 20G} or
 * {@code none}. What crashed processes left half done is removed then, too.
 *
 * <p>Instances are immutable and thread-safe, also against other processes.
 */
public final class UserCache {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** Stands for the size of a file that is not known before it is made. */
    public static final long ANY_SIZE = -1;

    private static final long DEFAULT_LIMIT = 4L << 30;

    private static final Duration TOUCH_INTERVAL = Duration.ofMinutes(1);

    private static final String ADVICE =
            "; set -Daoti.cache=DIR or AOTI_CACHE to a folder that this user can write to, on a"
                    + " file system with enough room that is not mounted noexec";

    /** Where it may lie, best first; the last one may be the substitute. */
    private final List<Path> roots;

    /** Which of them must not be trusted before its owner is checked; null for none. */
    private final Path shared;

    /** How many bytes of models it may contain. */
    private final long limit;

    private UserCache(List<Path> roots, Path shared, long limit) {
        this.roots = roots;
        this.shared = shared;
        this.limit = limit;
    }

    /** Returns the cache that the settings of this process name. Touches no file. */
    public static UserCache ofProcess() {
        return of(System::getProperty, System::getenv);
    }

    /**
     * Returns the cache that system properties and environment variables name. Touches no file.
     *
     * @throws AotiException if a setting is no path
     */
    public static UserCache of(
            UnaryOperator<String> properties, UnaryOperator<String> environment) {
        long limit = limit(properties, environment);
        Path property = path("aoti.cache", properties);
        Path named = property == null ? path("AOTI_CACHE", environment) : property;
        if (named != null) {
            return at(named).withLimit(limit);
        }
        List<Path> roots = new ArrayList<>();
        Path xdg = path("XDG_CACHE_HOME", environment);
        Path home = path("user.home", properties);
        // The XDG base directory specification ignores relative paths; the JVM gives "?" for an
        // unknown home.
        if (xdg != null && xdg.isAbsolute()) {
            roots.add(xdg.resolve("aoti4j"));
        } else if (home != null && home.isAbsolute()) {
            roots.add(home.resolve(".cache/aoti4j"));
        }
        Path substitute = substitute(path("java.io.tmpdir", properties));
        if (substitute != null) {
            roots.add(substitute);
        }
        return new UserCache(List.copyOf(roots), substitute, limit);
    }

    /**
     * Returns a cache in a given folder, without substitute; the folder is made when it is first
     * written to.
     */
    public static UserCache at(Path root) {
        return new UserCache(List.of(root.toAbsolutePath()), null, DEFAULT_LIMIT);
    }

    /** Returns this cache with another limit on the bytes of its models. */
    public UserCache withLimit(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit must not be negative, but is " + bytes);
        }
        return new UserCache(roots, shared, bytes);
    }

    /** Returns this cache without the folder for temporary files. */
    public UserCache withoutSubstitute() {
        List<Path> own = new ArrayList<>(roots);
        own.remove(shared);
        return new UserCache(List.copyOf(own), null, limit);
    }

    public long limit() {
        return limit;
    }

    private static long limit(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        for (var setting :
                List.of(
                        Map.entry("aoti.cache.limit", properties),
                        Map.entry("AOTI_CACHE_LIMIT", environment))) {
            String value = setting.getValue().apply(setting.getKey());
            if (value != null && !value.isEmpty()) {
                try {
                    return value.equals("none") ? Long.MAX_VALUE : ByteSize.parse(value);
                } catch (IllegalArgumentException e) {
                    throw new AotiException(setting.getKey() + ": " + e.getMessage(), e);
                }
            }
        }
        return DEFAULT_LIMIT;
    }

    /**
     * Returns the cache's own folder, and makes it if necessary, open to this user only.
     *
     * @throws AotiException if there is none, with the problem of each that was tried
     */
    public Path root() {
        List<String> problems = new ArrayList<>();
        for (Path root : roots) {
            try {
                prepare(root);
                if (!problems.isEmpty()) {
                    LOG.log(
                            System.Logger.Level.INFO,
                            "cache is " + root + " because " + String.join(", ", problems));
                }
                return root;
            } catch (IOException e) {
                problems.add(describe(e));
            }
        }
        if (problems.isEmpty()) {
            problems.add("this user's home folder is not known");
        }
        throw new AotiException("no folder for the cache: " + String.join(", ", problems) + ADVICE);
    }

    /** Lists the entries of every folder that the cache may lie in, those last used first. */
    public List<CacheEntry> entries() {
        return existingRoots().stream()
                .flatMap(root -> new CachePruner(root).entries().stream())
                .sorted(CachePruner.LAST_USED_FIRST)
                .toList();
    }

    /** Removes entries that no process has mapped, and what crashed processes left. */
    public List<CacheEntry> prune(PruneRule rule) {
        return existingRoots().stream()
                .flatMap(root -> new CachePruner(root).prune(rule).stream())
                .toList();
    }

    /** Returns the folders that the cache may lie in and that exist. */
    public List<Path> existingRoots() {
        return roots.stream().filter(root -> Files.isDirectory(root) && isTrusted(root)).toList();
    }

    /**
     * Returns a folder that holds given files, and fills it if necessary.
     *
     * <p>The folder is made under another name and renamed when it is complete. If files of it have
     * been removed or cut short since, it is made again. A complete folder is used wherever it
     * lies, even if it cannot be written to.
     *
     * @param name identifies the content, by version or checksum; may contain slashes
     * @param files names of the files, without slashes, and their sizes in bytes, or {@link
     *     #ANY_SIZE}
     * @param filler makes the files; called at most once, while other threads and processes that
     *     want the folder wait
     * @throws AotiException if the folder cannot be made; also what {@code filler} throws
     */
    public Path folder(String name, Map<String, Long> files, Filler filler) {
        return folder(name, files, _ -> true, filler);
    }

    /**
     * As {@link #folder(String, Map, Filler)}; {@code sound} also looks for damage in the files of
     * an existing folder, on each use.
     */
    public Path folder(String name, Map<String, Long> files, Predicate<Path> sound, Filler filler) {
        for (Path root : roots) {
            Path folder = root.resolve(name);
            // First, so that a cleanup sees that it is about to be used.
            touch(folder);
            if (new CacheFolder(folder, files, sound).isComplete() && isTrusted(root)) {
                return folder;
            }
        }
        Path root = root();
        Path folder = root.resolve(name);
        try {
            var made = new CacheFolder(folder, files, sound);
            if (made.make(filler)) {
                new CachePruner(root).added(made, folder, limit);
            }
            return folder;
        } catch (IOException e) {
            long bytes = files.values().stream().filter(n -> n > 0).mapToLong(n -> n).sum();
            boolean known = !files.containsValue(ANY_SIZE);
            throw new AotiException(
                    "cannot %s into %s: %s"
                                    .formatted(
                                            known ? "unpack " + bytes + " bytes" : "compile",
                                            folder,
                                            describe(e))
                            + ADVICE,
                    e);
        }
    }

    /** Makes the files of a folder. */
    @FunctionalInterface
    public interface Filler {
        /**
         * Makes the files in an empty folder, which is open to this user only, and is removed if
         * this fails.
         */
        void fill(Path folder) throws IOException;
    }

    /** Notes the use, at most once a minute: an entry's time is that of its last use. */
    private static void touch(Path folder) {
        try {
            Instant now = Instant.now();
            Instant last = Files.getLastModifiedTime(folder).toInstant();
            if (Duration.between(last, now).abs().compareTo(TOUCH_INTERVAL) > 0) {
                Files.setLastModifiedTime(folder, FileTime.from(now));
            }
        } catch (IOException e) {
            // It is not there, or may not be changed: then it may not be removed either.
        }
    }

    private void prepare(Path root) throws IOException {
        if (root.equals(shared)) {
            // Not createDirectories, which accepts a folder of another user.
            try {
                Files.createDirectory(root, CacheFolder.PRIVATE);
            } catch (FileAlreadyExistsException e) {
                requireOwned(root);
            }
        } else {
            Files.createDirectories(root, CacheFolder.PRIVATE);
        }
        if (!Files.isWritable(root)) {
            throw new IOException(root + " cannot be written to");
        }
    }

    private boolean isTrusted(Path root) {
        if (root.equals(shared)) {
            try {
                requireOwned(root);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cache not used: " + describe(e));
                return false;
            }
        }
        return true;
    }

    private static void requireOwned(Path folder) throws IOException {
        Map<String, Object> attributes =
                Files.readAttributes(
                        folder, "unix:uid,isDirectory,permissions", LinkOption.NOFOLLOW_LINKS);
        Set<?> permissions = (Set<?>) attributes.get("permissions");
        if (!Boolean.TRUE.equals(attributes.get("isDirectory"))
                || !attributes.get("uid").equals(Platform.userId())
                || permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException(
                    folder + " is not a folder of this user that others cannot write to");
        }
    }

    private static Path substitute(Path folder) {
        try {
            return folder == null
                    ? null
                    : folder.toAbsolutePath().resolve("aoti4j-" + Platform.userId());
        } catch (IOException e) {
            // Without /proc the owner of a folder cannot be compared.
            return null;
        }
    }

    private static Path path(String setting, UnaryOperator<String> settings) {
        String value = settings.apply(setting);
        if (value == null || value.isEmpty()) {
            return null;
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new AotiException(setting + " is no path: " + e.getMessage(), e);
        }
    }

    /** An IOException's message is often no more than a path. */
    private static String describe(IOException e) {
        String type = e.getClass().getSimpleName();
        return type.equals("IOException") ? e.getMessage() : e.getMessage() + " (" + type + ")";
    }
}
