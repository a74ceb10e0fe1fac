package io.github.aoti4j.libtorch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.natives.SearchContext;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.IncompatibleModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class LibTorchLocatorTest {
    @TempDir Path folder;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<ClassLoader> loaders = new ArrayList<>();
    private final List<Path> libraryFolders = new ArrayList<>();

    private LibTorchLocation locate(Path explicit) {
        var context =
                new SearchContext(
                        properties::get,
                        environment::get,
                        loaders,
                        UserCache.at(folder.resolve("cache")),
                        libraryFolders);
        return new LibTorchLocator(context).locate(LibTorchOptions.DEFAULT.withDirectory(explicit));
    }

    private LibTorchLocation locate() {
        return locate(null);
    }

    private String messageOf(Path explicit) {
        return assertThrows(IncompatibleModelException.class, () -> locate(explicit)).getMessage();
    }

    /** A folder that looks as if it held libtorch. */
    private Path libtorch(String name) throws IOException {
        Path made = Files.createDirectories(folder.resolve(name));
        Files.createFile(made.resolve("libtorch_cpu.so"));
        return made;
    }

    private void embed() throws IOException {
        loaders.add(
                FakeNatives.loader(
                        FakeNatives.folder(folder.resolve("classes"), FakeNatives.entries())));
    }

    /** Puts a python3 on the PATH that runs a shell script. */
    private void python(String script) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path python = Files.writeString(bin.resolve("python3"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
        environment.put("PATH", folder.resolve("no-bin") + ":" + bin);
    }

    @Test
    void triesPlacesInOrder() throws IOException {
        libraryFolders.add(folder.resolve("absent"));
        libraryFolders.add(libtorch("system"));
        assertEquals(
                new LibTorchLocation(LibTorchOrigin.SYSTEM, folder.resolve("system")), locate());

        environment.put("LD_LIBRARY_PATH", ":relative:" + libtorch("ld"));
        assertEquals(new LibTorchLocation(LibTorchOrigin.SYSTEM, folder.resolve("ld")), locate());

        embed();
        assertEquals(LibTorchOrigin.EMBEDDED, locate().origin());
        assertTrue(Files.isRegularFile(locate().library()), locate().toString());

        environment.put("AOTI_LIBTORCH", libtorch("variable").toString());
        assertEquals(
                new LibTorchLocation(LibTorchOrigin.ENVIRONMENT, folder.resolve("variable")),
                locate());

        properties.put("aoti.libtorch", libtorch("property").toString());
        assertEquals(
                new LibTorchLocation(LibTorchOrigin.SYSTEM_PROPERTY, folder.resolve("property")),
                locate());

        Path explicit = libtorch("explicit");
        assertEquals(new LibTorchLocation(LibTorchOrigin.EXPLICIT, explicit), locate(explicit));
    }

    @Test
    void nativesOnTheModulePathServeThoughNoModuleRequiresThem() throws IOException {
        Path jars = Files.createDirectories(folder.resolve("jars"));
        FakeNatives.jar(jars.resolve("natives.jar"), FakeNatives.entries());
        Files.createFile(jars.resolve("empty.jar"));
        properties.put("jdk.module.path", folder.resolve("absent") + ":" + jars);

        assertEquals(LibTorchOrigin.EMBEDDED, locate().origin());
        assertTrue(Files.isRegularFile(locate().library()), locate().toString());

        properties.put("jdk.module.path", jars.resolve("natives.jar").toString());
        assertEquals(LibTorchOrigin.EMBEDDED, locate().origin());
    }

    @Test
    void acceptsTheFolderAboveLib() throws IOException {
        Path lib = libtorch("torch/lib");

        assertEquals(lib, locate(lib).directory());
        assertEquals(lib, locate(lib.getParent()).directory());
    }

    @Test
    void emptySettingsAreAsIfNotSet() throws IOException {
        properties.put("aoti.libtorch", "");
        environment.put("AOTI_LIBTORCH", "");
        libraryFolders.add(libtorch("system"));

        assertEquals(LibTorchOrigin.SYSTEM, locate().origin());
    }

    @Test
    void namedFolderWithoutLibtorchIsAnErrorAndNotSkipped() throws IOException {
        embed();
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Path absent = folder.resolve("absent");

        String message = messageOf(empty);
        assertTrue(message.contains(empty.toString()), message);
        assertTrue(message.contains("libtorch_cpu.so"), message);
        assertTrue(message.contains("given by the application"), message);
        assertTrue(messageOf(absent).contains("no such folder"), messageOf(absent));
        Path library = Files.createFile(folder.resolve("libtorch_cpu.so"));
        assertTrue(messageOf(library).contains("this is a file"), messageOf(library));

        environment.put("AOTI_LIBTORCH", empty.toString());
        assertTrue(messageOf(null).contains("AOTI_LIBTORCH"), messageOf(null));

        properties.put("aoti.libtorch", absent.toString());
        assertTrue(messageOf(null).contains("-Daoti.libtorch"), messageOf(null));
    }

    @Test
    void absenceListsEveryPlaceAndWhatToDo() {
        libraryFolders.add(folder.resolve("one"));
        environment.put("LD_LIBRARY_PATH", folder.resolve("two").toString());

        String message = messageOf(null);

        for (String part :
                List.of(
                        "-Daoti.libtorch: not set",
                        "AOTI_LIBTORCH: not set",
                        "io/github/aoti4j/natives/linux-x86_64/libtorch/libtorch_cpu.so",
                        "org/bytedeco/pytorch/linux-x86_64/libtorch_cpu.so",
                        folder.resolve("one").toString(),
                        folder.resolve("two").toString(),
                        "io.github.aoti4j:aoti4j-libtorch-cpu:linux-x86_64",
                        "python",
                        "2.10")) {
            assertTrue(message.contains(part), part + " is not in: " + message);
        }
    }

    @Test
    void asksPythonWhenTheValueIsPython() throws IOException {
        Path torch = folder.resolve("site-packages/torch");
        libtorch("site-packages/torch/lib");
        embed();
        python("echo some warning >&2; echo 'torch lies in " + torch + "'");
        var found = new LibTorchLocation(LibTorchOrigin.PYTHON, torch.resolve("lib"));

        properties.put("aoti.libtorch", "python");
        assertEquals(found, locate());

        properties.clear();
        environment.put("AOTI_LIBTORCH", "python");
        assertEquals(found, locate());
    }

    @Test
    void pythonWithoutTorchIsAnErrorThatTellsWhatItSaid() throws IOException {
        properties.put("aoti.libtorch", "python");
        embed();
        python("echo Traceback; exit 1");

        String message = messageOf(null);

        assertTrue(message.contains(folder.resolve("bin/python3").toString()), message);
        assertTrue(message.contains("has no torch"), message);
        assertTrue(message.contains("Traceback"), message);
    }

    @Test
    void pythonWhoseTorchHasNoLibtorchIsAnError() throws IOException {
        properties.put("aoti.libtorch", "python");
        Path torch = Files.createDirectory(folder.resolve("torch"));
        python("echo 'torch lies in " + torch + "'");

        String message = messageOf(null);

        assertTrue(message.contains(torch.toString()), message);
        assertTrue(message.contains("python3"), message);
    }

    @Test
    void absenceOfPythonIsAnError() {
        properties.put("aoti.libtorch", "python");
        environment.put("PATH", folder.toString());

        assertTrue(messageOf(null).contains("no python3 on the PATH"), messageOf(null));
    }
}
