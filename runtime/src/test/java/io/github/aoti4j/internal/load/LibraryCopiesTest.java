package io.github.aoti4j.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.internal.preflight.IntegerDivisions;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LibraryCopiesTest {
    private static final int KIB = 1 << 10;

    @ParameterizedTest
    @CsvSource({
        // what                   KiB, containers, runners: copies, own, exclusive
        "NOT_NOTED,               300,          4,       4,      1, false, false",
        "NONE,                    300,          1,       1,      1, false, false",
        "NONE,                    300,          4,       4,      4, false, false",
        "NONE,                   4096,        100,     100,     16, false, false",
        "NONE,                    300,        100,     100,     64, false, false",
        "NONE,                1000000,          1,       4,      1, false, false",
        "SOME,                    300,          1,       1,      1, true,  false",
        "SOME,                    300,          4,       4,      4, true,  false",
        "SOME,                   4096,        100,     100,     16, true,  true",
        "SOME,                    300,          1,       4,      1, true,  true",
        "SOME,                1000000,          1,       1,      1, false, true",
        "SOME,                1000000,          1,       4,      1, false, true",
    })
    void runsThatDivideAreApart(
            IntegerDivisions divisions,
            long size,
            int containers,
            int runners,
            int copies,
            boolean own,
            boolean exclusive) {
        assertEquals(
                new LibraryCopies(copies, own, exclusive),
                LibraryCopies.of(divisions, size * KIB, containers, runners));
    }
}
