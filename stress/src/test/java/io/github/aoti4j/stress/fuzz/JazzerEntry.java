package io.github.aoti4j.stress.fuzz;

import io.github.aoti4j.libtorch.ElfExportsFuzzTest;

import java.util.List;
import java.util.stream.Stream;

/** What Jazzer calls: hands each input to the reader that {@link FuzzMain} has named. */
public final class JazzerEntry {
    static final String TARGET = "fuzz.target";

    private static FuzzTarget target;

    private JazzerEntry() {}

    /** Finds the reader. */
    public static void fuzzerInitialize() {
        String name = System.getProperty(TARGET);
        target = targets().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    }

    /** Gives the reader an input. */
    public static void fuzzerTestOneInput(byte[] input) {
        target.accepts(input);
    }

    /** Returns all readers. */
    static List<FuzzTarget> targets() {
        return Stream.of(
                        new ElfExportsFuzzTest(),
                        new WeightReadersFuzzTest(),
                        new PackageReadersFuzzTest())
                .flatMap(readers -> readers.targets().stream())
                .toList();
    }
}
