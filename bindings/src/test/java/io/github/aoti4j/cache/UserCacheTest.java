package io.github.aoti4j.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.AotiException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class UserCacheTest {
    @TempDir Path folder;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();

    private Path root() {
        return UserCache.of(properties::get, environment::get).root();
    }

    @Test
    void propertyPrecedesVariablePrecedesXdgPrecedesHome() {
        properties.put("user.home", folder.resolve("home").toString());
        assertEquals(folder.resolve("home/.cache/aoti4j"), root());

        environment.put("XDG_CACHE_HOME", folder.resolve("xdg").toString());
        assertEquals(folder.resolve("xdg/aoti4j"), root());

        environment.put("AOTI_CACHE", folder.resolve("variable").toString());
        assertEquals(folder.resolve("variable"), root());

        properties.put("aoti.cache", folder.resolve("property").toString());
        assertEquals(folder.resolve("property"), root());
    }

    @Test
    void emptyAndRelativeSettingsAreAsIfNotSet() {
        properties.put("aoti.cache", "");
        environment.put("AOTI_CACHE", "");
        environment.put("XDG_CACHE_HOME", "relative");
        properties.put("user.home", folder.toString());

        assertEquals(folder.resolve(".cache/aoti4j"), root());
    }

    @Test
    void isOpenToItsUserOnly() throws IOException {
        properties.put("user.home", folder.toString());

        assertEquals("rwx------", permissions(root()));
        assertEquals("rwx------", permissions(folder.resolve(".cache")));
    }

    @Test
    void temporaryFolderTakesThePlaceOfAnUnusableHome() throws IOException {
        properties.put("user.home", Files.createFile(folder.resolve("file")).toString());
        properties.put("java.io.tmpdir", folder.toString());

        assertEquals(substitute(), root());
        assertEquals("rwx------", permissions(substitute()));
        assertEquals(substitute(), root(), "the second time it is there already");
    }

    @Test
    void temporaryFolderTakesThePlaceOfAnUnknownHome() throws IOException {
        properties.put("user.home", "?");
        properties.put("java.io.tmpdir", folder.toString());

        assertEquals(substitute(), root());
    }

    @Test
    void withoutItsSubstituteThereMayBeNoFolder() {
        properties.put("user.home", "?");
        properties.put("java.io.tmpdir", folder.toString());
        var cache = UserCache.of(properties::get, environment::get).withoutSubstitute();

        var e = assertThrows(AotiException.class, cache::root);

        assertTrue(e.getMessage().contains("home folder is not known"), e.getMessage());
        assertEquals(List.of(), cache.entries());
    }

    @Test
    void refusesSubstituteThatOthersCanWriteTo() throws IOException {
        properties.put("java.io.tmpdir", folder.toString());
        Files.createDirectory(substitute());
        Files.setPosixFilePermissions(substitute(), PosixFilePermissions.fromString("rwxrwxrwx"));

        var e = assertThrows(AotiException.class, this::root);

        assertTrue(e.getMessage().contains(substitute().toString()), e.getMessage());
        assertTrue(e.getMessage().contains("aoti.cache"), e.getMessage());
    }

    @Test
    void refusesSubstituteThatIsASymbolicLink() throws IOException {
        properties.put("java.io.tmpdir", folder.toString());
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.createSymbolicLink(substitute(), elsewhere);

        assertThrows(AotiException.class, this::root);
    }

    @Test
    void takesNothingFromASubstituteThatOthersCanWriteTo() throws IOException {
        properties.put("java.io.tmpdir", folder.toString());
        Path planted = Files.createDirectories(substitute().resolve("planted"));
        Files.writeString(planted.resolve("library"), "12345");
        Files.setPosixFilePermissions(substitute(), PosixFilePermissions.fromString("rwxrwxrwx"));
        var cache = UserCache.of(properties::get, environment::get);

        assertThrows(
                AotiException.class,
                () -> cache.folder("planted", Map.of("library", 5L), made -> {}));
    }

    @Test
    void folderAskedForByNameHasNoSubstitute() throws IOException {
        properties.put("java.io.tmpdir", folder.toString());
        properties.put("aoti.cache", Files.createFile(folder.resolve("file")).toString());

        var e = assertThrows(AotiException.class, this::root);

        assertTrue(e.getMessage().contains(folder.resolve("file").toString()), e.getMessage());
    }

    private Path substitute() throws IOException {
        return folder.resolve("aoti4j-" + Platform.userId());
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
