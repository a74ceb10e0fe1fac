package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.IncompatibleModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.nio.file.Path;

class PlatformTest {
    @ParameterizedTest
    @CsvSource({"Mac OS X,aarch64", "Windows 11,amd64", "Linux,aarch64"})
    void refusesOtherPlatformsNamingThem(String system, String machine) {
        var e =
                assertThrows(
                        IncompatibleModelException.class,
                        () -> Platform.requireSupported(system, machine));

        assertTrue(e.getMessage().contains(system), e.getMessage());
        assertTrue(e.getMessage().contains(machine), e.getMessage());
        assertTrue(e.getMessage().contains("Linux x86-64"), e.getMessage());
    }

    @Test
    void acceptsLinuxOnX86() {
        assertDoesNotThrow(() -> Platform.requireSupported("Linux", "amd64"));
    }

    @Test
    void spellsPathsForC() {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals("/a b", Platform.nativePath(arena, Path.of("/a b")).getString(0));
        }
    }
}
