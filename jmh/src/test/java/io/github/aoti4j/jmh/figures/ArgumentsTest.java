package io.github.aoti4j.jmh.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.jmh.Workload;

import org.junit.jupiter.api.Test;

import java.util.List;

class ArgumentsTest {
    @Test
    void runsEverythingUnlessToldOtherwise() {
        assertEquals(List.of(Workload.values()), Arguments.of(List.of()).workloads());
        assertEquals(
                List.of(Workload.ADD_ONE, Workload.MLP_8),
                Arguments.of(List.of("short")).workloads());
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertThrows(IllegalArgumentException.class, () -> Arguments.of(List.of("--fast")));
        assertThrows(IllegalArgumentException.class, () -> Arguments.of(List.of("--rounds")));
        assertThrows(
                IllegalArgumentException.class, () -> Arguments.of(List.of("--rounds", "many")));
        assertThrows(IllegalArgumentException.class, () -> Arguments.of(List.of("--rounds", "0")));
    }

    @Test
    void forksTakeAsLongAsThereIsTimeButNotTooShort() {
        Timing hour = Timing.within(60, 700);
        assertEquals(3.64, (hour.warmUpMillis() + 5 * hour.iterationMillis()) / 1000.0, 0.01);
        Timing none = Timing.within(0.1, 700);
        assertEquals(0.8, (none.warmUpMillis() + 5 * none.iterationMillis()) / 1000.0, 0.01);
    }
}
