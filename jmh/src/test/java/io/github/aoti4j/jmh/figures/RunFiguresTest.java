package io.github.aoti4j.jmh.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.jmh.figures.Contender.Timing;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.PrintWriter;
import java.io.StringWriter;

class RunFiguresTest {
    @Test
    void helpListsTheOptions() {
        StringWriter help = new StringWriter();
        assertEquals(0, RunFigures.commandLine().setOut(new PrintWriter(help)).execute("--help"));
        for (String option :
                new String[] {
                    "short", "--libtorch", "--minutes", "--rounds", "--out", "--python"
                }) {
            assertTrue(help.toString().contains(option), help::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--fast",
                "some",
                "--rounds",
                "--rounds=many",
                "--rounds=0",
                "--minutes=-1",
                "--minutes=NaN"
            })
    void refusesWhatItDoesNotKnow(String argument) {
        StringWriter err = new StringWriter();
        assertEquals(2, RunFigures.commandLine().setErr(new PrintWriter(err)).execute(argument));
    }

    @Test
    void forksTakeAsLongAsThereIsTimeButNotTooShort() {
        Timing hour = Timing.within(60, 700);
        assertEquals(3.64, (hour.warmUpMillis() + 5 * hour.iterationMillis()) / 1000.0, 0.01);
        Timing none = Timing.within(0.1, 700);
        assertEquals(0.8, (none.warmUpMillis() + 5 * none.iterationMillis()) / 1000.0, 0.01);
    }
}
