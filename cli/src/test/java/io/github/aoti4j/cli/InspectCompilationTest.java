package io.github.aoti4j.cli;

import static io.github.aoti4j.cli.CommandResult.aoti;
import static io.github.aoti4j.cli.CommandResult.fixture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code aoti inspect} says of how a package was compiled. */
class InspectCompilationTest {
    private static String text(String fixture) {
        return aoti("inspect", fixture(fixture, fixture + ".pt2")).out();
    }

    private static JsonNode json(String fixture) {
        String json = aoti("inspect", "--json", fixture(fixture, fixture + ".pt2")).out();
        return new JsonMapper().readTree(json).at("/models/0/compilation");
    }

    @Test
    void showsWhatThePackageWasCompiledFor() {
        String text = text("lookups");
        assertTrue(text.contains("    for AVX2, -march=x86-64-v3\n"), text);
        assertTrue(text.contains("    not frozen: its weights can be replaced\n"), text);
        assertTrue(text.contains("    its kernels run on 2 threads\n"), text);
        assertTrue(text("add_one").contains("    its kernels run on one thread\n"));
    }

    @Test
    void writesTheSameAsJson() {
        JsonNode compilation = json("lookups");
        assertEquals("AVX2", compilation.path("vectorExtensions").asString());
        assertEquals("x86-64-v3", compilation.path("march").asString());
        assertFalse(compilation.path("frozen").asBoolean(true));
        assertEquals(2, compilation.path("kernelThreads").asInt());
    }

    @Test
    void hintsIfThisMachineHasWiderVectors() throws IOException {
        String flags = " " + Files.readString(Path.of("/proc/cpuinfo")).replace('\n', ' ') + " ";
        boolean wide =
                flags.contains(" avx512f ")
                        && flags.contains(" avx512dq ")
                        && flags.contains(" avx512vl ")
                        && flags.contains(" avx512bw ");
        assertEquals(wide, text("lookups").contains("! this CPU has AVX-512"));
        assertEquals(wide ? 1 : 0, json("lookups").path("hints").size());
    }
}
