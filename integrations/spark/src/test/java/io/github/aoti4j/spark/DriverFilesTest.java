package io.github.aoti4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.AotiException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class DriverFilesTest {
    @TempDir Path folder;

    @Test
    void aFileThatWasWrittenOverIsRefusedUntilItIsItselfAgain() throws IOException {
        Path file = Files.writeString(folder.resolve("model.pt2"), "first");
        String sha256 = SharedFile.sha256(file);
        String name = "written-over-" + sha256;
        assertEquals("first", Files.readString(DriverFiles.staged(file, name, sha256)));

        Files.writeString(file, "other");
        var refused =
                assertThrows(AotiException.class, () -> DriverFiles.staged(file, name, sha256));
        assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());

        Files.writeString(file, "first");
        assertEquals("first", Files.readString(DriverFiles.staged(file, name, sha256)));
    }
}
