package io.github.aoti4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The features of this machine's CPU, by the names that Linux gives them in {@code /proc/cpuinfo}.
 *
 * @param flags the names; empty if they are not known
 */
public record CpuFeatures(Optional<Set<String>> flags) {
    private static final class Current {
        static final CpuFeatures INSTANCE = read();

        private static CpuFeatures read() {
            try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
                return of(lines);
            } catch (IOException | UncheckedIOException e) {
                System.getLogger("io.github.aoti4j")
                        .log(System.Logger.Level.DEBUG, "CPU features are not known", e);
                return new CpuFeatures(Optional.empty());
            }
        }
    }

    /**
     * Returns the features of this machine, read once.
     *
     * @return the features; not known where there is no {@code /proc/cpuinfo}
     */
    public static CpuFeatures current() {
        return Current.INSTANCE;
    }

    /**
     * Reads features from the lines of a {@code /proc/cpuinfo}.
     *
     * @param cpuinfo its lines; those of the first processor count, since all are alike
     * @return the features; not known if no line lists any
     */
    static CpuFeatures of(Stream<String> cpuinfo) {
        return new CpuFeatures(
                cpuinfo.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                        .findFirst()
                        .map(
                                line ->
                                        line.substring(line.indexOf(':') + 1)
                                                .strip()
                                                .split("\\s+", -1))
                        .map(names -> Set.copyOf(List.of(names))));
    }

    /**
     * Returns the features that are demanded and absent.
     *
     * @param demanded names of features
     * @return those that this CPU lacks; none if its features are not known
     */
    public List<String> missing(List<String> demanded) {
        return flags.map(have -> demanded.stream().filter(name -> !have.contains(name)).toList())
                .orElse(List.of());
    }
}
