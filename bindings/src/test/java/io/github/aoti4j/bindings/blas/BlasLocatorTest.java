package io.github.aoti4j.bindings.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.IncompatibleModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

class BlasLocatorTest {
    @TempDir Path folder;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<ClassLoader> loaders = new ArrayList<>();
    private final List<Path> libraryFolders = new ArrayList<>();

    private BlasLocator locator() {
        return new BlasLocator(
                new SearchContext(
                        properties::get,
                        environment::get,
                        loaders,
                        UserCache.at(folder.resolve("cache")),
                        libraryFolders));
    }

    private Path library(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "content of " + file.getFileName());
    }

    private Path named(Path explicit) {
        BlasLocation location = locator().named(explicit).orElseThrow();
        assertTrue(location.named());
        return location.library();
    }

    private String message(Path explicit) {
        return assertThrows(IncompatibleModelException.class, () -> locator().named(explicit))
                .getMessage();
    }

    @Test
    void namedPlacesAreTriedInOrder() throws IOException {
        assertEquals(true, locator().named(null).isEmpty());

        environment.put("AOTI_OPENBLAS", library("e/libopenblas.so.0").getParent().toString());
        assertEquals(folder.resolve("e/libopenblas.so.0"), named(null));

        properties.put("aoti.openblas", library("p/lib/libopenblas.so.0").toString());
        assertEquals(folder.resolve("p/lib/libopenblas.so.0"), named(null));
        properties.put("aoti.openblas", folder.resolve("p").toString());
        assertEquals(folder.resolve("p/lib/libopenblas.so.0"), named(null));

        Path other = library("x/libmyblas.so");
        assertEquals(other, named(other));
    }

    @Test
    void aPlaceWithoutOneIsAnError() throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        String message = message(folder.resolve("empty"));
        assertTrue(message.contains("libopenblas.so.0"), message);
        assertTrue(message.contains("given by the application"), message);

        properties.put("aoti.openblas", folder.resolve("absent").toString());
        assertTrue(message(null).contains("-Daoti.openblas"), message(null));
        properties.put("aoti.openblas", "a\0b");
        assertTrue(message(null).contains("is no path"), message(null));

        properties.clear();
        environment.put("AOTI_OPENBLAS", folder.resolve("absent").toString());
        assertTrue(message(null).contains("(AOTI_OPENBLAS)"), message(null));
    }

    @Test
    void noneIsASetting() {
        assertFalse(locator().isRefused());
        environment.put("AOTI_OPENBLAS", "none");
        assertTrue(locator().isRefused());
        properties.put("aoti.openblas", "/some/folder");
        assertFalse(locator().isRefused());
    }

    @Test
    void theUsualPlacesAreTheClassPathAndThenTheSystem() throws IOException {
        assertTrue(locator().usual().isEmpty());

        library("system/libblas.so.3");
        libraryFolders.add(folder.resolve("system"));
        assertTrue(locator().usual().isEmpty());

        library("system/libopenblas.so.0");
        BlasLocation found = locator().usual().orElseThrow();
        assertEquals(folder.resolve("system/libopenblas.so.0"), found.library());
        assertFalse(found.named());

        library("presets/org/bytedeco/openblas/linux-x86_64/libopenblas.so.0");
        library("presets/org/bytedeco/openblas/linux-x86_64/libgfortran.so.5");
        loaders.add(classPath("presets"));
        Path unpacked = locator().usual().orElseThrow().library();
        assertTrue(unpacked.startsWith(folder.resolve("cache/openblas")), unpacked.toString());
        assertEquals("content of libopenblas.so.0", Files.readString(unpacked));
        assertTrue(Files.exists(unpacked.resolveSibling("libgfortran.so.5")));
        assertFalse(Files.exists(unpacked.resolveSibling("libquadmath.so.0")));
    }

    @Test
    void oursComeBeforeThePresets() throws Exception {
        String ours = "classes/io/github/aoti4j/natives/linux-x86_64/openblas/";
        String content = Files.readString(library(ours + "libopenblas.so.0"));
        Files.writeString(folder.resolve(ours + "VERSION"), "1.2.3\n");
        Files.writeString(
                folder.resolve(ours + "SHA256SUMS"), sha256(content) + "  libopenblas.so.0\n");
        library("classes/org/bytedeco/openblas/linux-x86_64/libopenblas.so.0");
        loaders.add(classPath("classes"));

        Path unpacked = locator().usual().orElseThrow().library();

        assertTrue(
                unpacked.getParent().getFileName().toString().startsWith("1.2.3-"),
                unpacked.toString());
        assertEquals(content, Files.readString(unpacked));
    }

    private static String sha256(String content) throws NoSuchAlgorithmException {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private ClassLoader classPath(String name) throws IOException {
        return new URLClassLoader(
                new URL[] {folder.resolve(name).toUri().toURL()},
                ClassLoader.getPlatformClassLoader());
    }
}
