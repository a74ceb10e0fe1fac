package io.github.aoti4j.internal;

import io.github.aoti4j.bindings.UserCache;
import io.github.aoti4j.core.AotiException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Remembers the keys of large libraries, so that loading one again does not hash it again.
 *
 * <p>What a key is remembered under is the SHA-256 of all that tells one file from another without
 * reading it: path, device and inode, size and time of the package, and the library's place, size
 * and checksum in it. A package that is written again over itself has another time or checksum.
 *
 * <p>A convenience: where keys cannot be kept or found, libraries are hashed.
 */
final class LibraryKeys {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** Below this, hashing takes a few milliseconds, and remembering would cost about as much. */
    static final long LARGE = 8L << 20;

    private static final Pattern KEY = Pattern.compile("[0-9a-f]{64}");

    private final UserCache cache;

    LibraryKeys(UserCache cache) {
        this.cache = cache;
    }

    /** Returns the key of a library that was hashed before. */
    Optional<String> find(LibraryCache.Packaged library) {
        if (library.bytes().byteSize() < LARGE) {
            return Optional.empty();
        }
        try {
            Path file = file(library);
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            return Optional.of(Files.readString(file, StandardCharsets.US_ASCII))
                    .filter(key -> KEY.matcher(key).matches());
        } catch (IOException | AotiException e) {
            LOG.log(System.Logger.Level.DEBUG, "no key of " + library.entry(), e);
            return Optional.empty();
        }
    }

    /** Keeps the key of a library that has been hashed. */
    void keep(LibraryCache.Packaged library, String key) {
        if (library.bytes().byteSize() < LARGE) {
            return;
        }
        try {
            Path file = file(library);
            Files.createDirectories(file.getParent());
            // In place: half a key is none, and who finds none hashes again.
            Files.writeString(file, key, StandardCharsets.US_ASCII);
        } catch (IOException | AotiException e) {
            LOG.log(System.Logger.Level.DEBUG, "the key of " + library.entry() + " is not kept", e);
        }
    }

    private Path file(LibraryCache.Packaged library) throws IOException {
        Path path = library.path().toRealPath();
        var attributes =
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        String identity =
                String.join(
                        "\n",
                        path.toString(),
                        String.valueOf(attributes.fileKey()),
                        attributes.lastModifiedTime().toString(),
                        Long.toString(attributes.size()),
                        library.entry(),
                        Long.toString(library.offset()),
                        Long.toString(library.bytes().byteSize()),
                        Long.toHexString(library.crc32()));
        byte[] digest = LibraryCache.sha256().digest(identity.getBytes(StandardCharsets.UTF_8));
        return cache.root().resolve("models/keys").resolve(HexFormat.of().formatHex(digest));
    }
}
