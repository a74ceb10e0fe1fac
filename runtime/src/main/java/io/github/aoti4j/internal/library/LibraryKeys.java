package io.github.aoti4j.internal.library;

import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Remembers the keys of libraries, so that loading one again does not hash it again: 0.7 s per GiB,
 * and in a fresh JVM, which has no compiled SHA-256 yet, 15 ms and more for the smallest.
 *
 * <p>A key is remembered with all that distinguishes one file from another without reading it:
 * path, device and inode, size and time of the package, and the library's place, size and checksum
 * in it. A package that is written again over itself has another time or checksum. The index has
 * 4,096 slots; a collision overwrites.
 *
 * <p>A convenience: where keys cannot be kept or found, libraries are hashed.
 */
final class LibraryKeys {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private static final int SLOTS = 4096;

    private static final int KEY_LENGTH = 64;

    private final UserCache cache;

    LibraryKeys(UserCache cache) {
        this.cache = cache;
    }

    /** Returns the key of a library that was hashed before. */
    Optional<String> find(LibraryCache.Packaged library) {
        try {
            String identity = identity(library);
            String text = Files.readString(slot(identity));
            // Half a file is none: then the library is hashed again.
            boolean known =
                    text.length() == KEY_LENGTH + 1 + identity.length()
                            && text.endsWith("\n" + identity)
                            && isKey(text);
            return known ? Optional.of(text.substring(0, KEY_LENGTH)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | AotiException e) {
            LOG.log(System.Logger.Level.DEBUG, "no key of " + library.entry(), e);
            return Optional.empty();
        }
    }

    /** Keeps the key of a library that has been hashed. */
    void keep(LibraryCache.Packaged library, String key) {
        try {
            String identity = identity(library);
            Path slot = slot(identity);
            Files.createDirectories(slot.getParent());
            Files.writeString(slot, key + "\n" + identity);
        } catch (IOException | AotiException e) {
            LOG.log(System.Logger.Level.DEBUG, "the key of " + library.entry() + " is not kept", e);
        }
    }

    private static boolean isKey(String text) {
        for (int i = 0; i < KEY_LENGTH; i++) {
            if (!HexFormat.isHexDigit(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static String identity(LibraryCache.Packaged library) throws IOException {
        Path path = library.path().toRealPath();
        var attributes =
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return String.join(
                "\n",
                library.format(),
                path.toString(),
                String.valueOf(attributes.fileKey()),
                attributes.lastModifiedTime().toString(),
                Long.toString(attributes.size()),
                library.entry(),
                Long.toString(library.offset()),
                Long.toString(library.bytes().byteSize()),
                Long.toHexString(library.crc32()));
    }

    private Path slot(String identity) {
        int number = Math.floorMod(identity.hashCode(), SLOTS);
        return cache.root().resolve("models/keys").resolve(Integer.toHexString(number));
    }
}
