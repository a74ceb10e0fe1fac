package io.github.aoti4j.internal.preflight;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The features of this machine's CPU, by the names that Linux gives them in {@code /proc/cpuinfo}.
 *
 * @param flags the names; empty if they are not known
 */
public record CpuFeatures(Optional<Set<String>> flags) {
    private static final class Current {
        static final CpuFeatures INSTANCE = read();

        private static CpuFeatures read() {
            try (var lines = Files.newBufferedReader(Path.of("/proc/cpuinfo"))) {
                return of(lines);
            } catch (IOException e) {
                System.getLogger("io.github.aoti4j")
                        .log(System.Logger.Level.DEBUG, "CPU features are not known", e);
                return new CpuFeatures(Optional.empty());
            }
        }
    }

    /** Returns the features of this machine, read once. */
    public static CpuFeatures current() {
        return Current.INSTANCE;
    }

    /** Reads the first processor of a {@code /proc/cpuinfo}, since all are alike. */
    static CpuFeatures of(BufferedReader cpuinfo) throws IOException {
        for (String line = cpuinfo.readLine(); line != null; line = cpuinfo.readLine()) {
            if (line.startsWith("flags") || line.startsWith("Features")) {
                String names = line.substring(line.indexOf(':') + 1).strip();
                return new CpuFeatures(
                        Optional.of(Set.copyOf(Arrays.asList(names.split("\\s+", -1)))));
            }
        }
        return new CpuFeatures(Optional.empty());
    }

    /** Returns the required features that this CPU lacks; none if its features are not known. */
    List<String> missing(List<String> required) {
        Set<String> present = flags.orElse(Set.copyOf(required));
        List<String> missing = new ArrayList<>(required);
        missing.removeAll(present);
        return missing;
    }
}
