package io.github.aoti4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;

import org.junit.jupiter.api.function.Executable;

import java.nio.file.Path;

/** What every refusal of a file has in common. */
public final class Refusals {
    private Refusals() {}

    /** The action fails with a message that names the file and contains all the words. */
    public static void assertRefused(Path path, Executable action, String... words) {
        var refusal = assertThrows(PackageException.class, action);
        assertEquals(path, refusal.path());
        String message = refusal.getMessage();
        assertTrue(message.startsWith(path + ": "), message);
        for (String word : words) {
            assertTrue(message.contains(word), () -> "no \"" + word + "\" in: " + message);
        }
    }
}
