package io.github.aoti4j.cache;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One folder of the cache.
 *
 * <p>Beside {@code NAME} lie {@code .NAME.lock}, which stays as long as the folder does, and {@code
 * .NAME.tmp*}, a folder in the making or being removed. The holder of the lock may remove every
 * such folder: it is a dead process's. The locks are the kernel's, and end with their process.
 */
final class CacheFolder {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private static final String INTERRUPTED = "interrupted while waiting for the cache";

    /** The files beside an entry, and the entry's name. */
    private static final Pattern HIDDEN = Pattern.compile("\\.(.+)\\.(lock|tmp\\d+)");

    static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    // A file lock is the process's, and refuses a second thread instead of letting it wait.
    private static final Map<Path, ReentrantLock> THREAD_LOCKS = new ConcurrentHashMap<>();

    private final Path folder;
    private final Map<String, Long> files;
    private final Predicate<Path> sound;

    CacheFolder(Path folder, Map<String, Long> files, Predicate<Path> sound) {
        this.folder = folder;
        this.files = files;
        this.sound = sound;
    }

    /** An entry to be removed, whatever is in it. */
    CacheFolder(Path folder) {
        this(folder, Map.of(), _ -> true);
    }

    /** Returns whether the folder is complete and sound. */
    boolean isComplete() {
        return isComplete(folder, files) && sound.test(folder);
    }

    /** Returns whether all files exist with their sizes. Reads no file. */
    static boolean isComplete(Path folder, Map<String, Long> files) {
        for (var file : files.entrySet()) {
            try {
                BasicFileAttributes found =
                        Files.readAttributes(
                                folder.resolve(file.getKey()), BasicFileAttributes.class);
                boolean fits =
                        file.getValue() == UserCache.ANY_SIZE || found.size() == file.getValue();
                if (!found.isRegularFile() || !fits) {
                    return false;
                }
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }

    /** Makes the folder if it does not exist or is damaged; returns whether it was made. */
    boolean make(UserCache.Filler filler) throws IOException {
        Files.createDirectories(folder.getParent(), PRIVATE);
        ReentrantLock threads = THREAD_LOCKS.computeIfAbsent(folder, f -> new ReentrantLock());
        try {
            threads.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(INTERRUPTED);
        }
        try {
            while (true) {
                Object lockFile = lockFile();
                try (FileChannel file = openLock()) {
                    boolean locked = lock(file);
                    if (locked && !lockFile.equals(lockFile())) {
                        continue; // the entry was removed, and its lock with it
                    }
                    if (isComplete()) {
                        return false;
                    }
                    if (locked) {
                        removeLeftovers();
                    }
                    fill(filler);
                    return true;
                }
            }
        } finally {
            threads.unlock();
        }
    }

    /**
     * Removes the folder, and what dead processes left of its making, unless it is being made;
     * returns whether it was removed.
     */
    boolean remove(BooleanSupplier condition) throws IOException {
        return ifNotBeingMade(
                () -> {
                    if (!condition.getAsBoolean()) {
                        return false;
                    }
                    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                        // By renaming, so that it goes at once.
                        Path aside = temporary();
                        Files.move(folder, aside, StandardCopyOption.ATOMIC_MOVE);
                    }
                    removeLeftovers();
                    Files.deleteIfExists(lockPath());
                    return true;
                });
    }

    /** Removes what dead processes left of any folder beside this one. */
    void sweep() throws IOException {
        Set<String> names = new LinkedHashSet<>();
        try (DirectoryStream<Path> siblings = Files.newDirectoryStream(folder.getParent(), ".*")) {
            for (Path sibling : siblings) {
                Matcher hidden = HIDDEN.matcher(sibling.getFileName().toString());
                if (hidden.matches()) {
                    boolean lock = hidden.group(2).equals("lock");
                    if (!lock || !Files.exists(folder.resolveSibling(hidden.group(1)))) {
                        names.add(hidden.group(1));
                    }
                }
            }
        }
        for (String name : names) {
            new CacheFolder(folder.resolveSibling(name)).clean();
        }
    }

    private void clean() throws IOException {
        boolean _ =
                ifNotBeingMade(
                        () -> {
                            removeLeftovers();
                            return Files.exists(folder) || Files.deleteIfExists(lockPath());
                        });
    }

    private interface Action {
        boolean run() throws IOException;
    }

    private boolean ifNotBeingMade(Action action) throws IOException {
        ReentrantLock threads = THREAD_LOCKS.computeIfAbsent(folder, f -> new ReentrantLock());
        // Closing a channel gives up all of the process's locks on the file, also another thread's.
        if (threads.isHeldByCurrentThread() || !threads.tryLock()) {
            return false;
        }
        try {
            Object lockFile = lockFile();
            try (FileChannel file = openLock()) {
                return tryLock(file) && lockFile.equals(lockFile()) && action.run();
            }
        } finally {
            threads.unlock();
        }
    }

    private Path lockPath() {
        return folder.resolveSibling(hidden(".lock"));
    }

    private FileChannel openLock() throws IOException {
        return FileChannel.open(lockPath(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /**
     * Returns the lock file's identity, which differs from that of a later file of its name; makes
     * it if necessary.
     */
    private Object lockFile() throws IOException {
        while (true) {
            try {
                return Files.readAttributes(lockPath(), BasicFileAttributes.class).fileKey();
            } catch (NoSuchFileException e) {
                openLock().close();
            }
        }
    }

    private static boolean tryLock(FileChannel file) {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException | IOException e) {
            return false;
        }
    }

    /**
     * Waits until no other process makes this folder. The lock ends with the channel. Returns false
     * on a file system without locks: then the slower process loses the race to rename.
     */
    private static boolean lock(FileChannel file) throws IOException {
        while (true) {
            try {
                FileLock _ = file.lock();
                return true;
            } catch (OverlappingFileLockException e) {
                // Another class loader's copy of this class; it does not share THREAD_LOCKS. Its
                // channel must not be closed under it, which would give up the process's lock.
                pause();
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LOG.log(System.Logger.Level.DEBUG, "no file locks in the cache: " + e.getMessage());
                return false;
            }
        }
    }

    private static void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(INTERRUPTED);
        }
    }

    private void fill(UserCache.Filler filler) throws IOException {
        Path temporary = temporary();
        try {
            filler.fill(temporary);
            if (!isComplete(temporary, files)) {
                throw new IOException(temporary + " does not hold the files it should");
            }
            force(temporary);
            publish(temporary);
        } catch (IOException | RuntimeException | Error e) {
            try {
                remove(temporary);
            } catch (IOException leftover) {
                e.addSuppressed(leftover);
            }
            throw e;
        }
    }

    /** After a power failure, a file of the right size may otherwise hold zeros. */
    private void force(Path temporary) throws IOException {
        for (String file : files.keySet()) {
            try (FileChannel channel =
                    FileChannel.open(temporary.resolve(file), StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }
    }

    private void publish(Path temporary) throws IOException {
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            LOG.log(System.Logger.Level.WARNING, folder + " was damaged and is replaced");
            // A process that has the damaged files mapped keeps them until it ends.
            Path aside = temporary();
            Files.move(folder, aside, StandardCopyOption.ATOMIC_MOVE);
            remove(aside);
        }
        try {
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // Without locks another process may have been faster.
            if (!isComplete()) {
                throw e;
            }
            remove(temporary);
        }
    }

    private Path temporary() throws IOException {
        return Files.createTempDirectory(folder.getParent(), hidden(".tmp"), PRIVATE);
    }

    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> siblings = Files.newDirectoryStream(folder.getParent())) {
            for (Path sibling : siblings) {
                if (sibling.getFileName().toString().startsWith(hidden(".tmp"))) {
                    removeLeftover(sibling);
                }
            }
        }
    }

    /** A dead process's compiler may still be writing: then the next attempt removes it. */
    private static void removeLeftover(Path folder) {
        try {
            remove(folder);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, folder + " is not removed: " + e);
        }
    }

    private String hidden(String suffix) {
        return "." + folder.getFileName() + suffix;
    }

    private static void remove(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
