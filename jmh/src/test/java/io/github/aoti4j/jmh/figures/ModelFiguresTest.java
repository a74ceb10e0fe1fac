package io.github.aoti4j.jmh.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.jmh.Machine;
import io.github.aoti4j.jmh.figures.ModelReport.Row;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class ModelFiguresTest {
    private static final Machine MACHINE =
            new Machine("some CPU", 2, 8, "Linux", "25", "2.13.0", List.of(), "1");

    @ParameterizedTest
    @ValueSource(strings = {"--rounds=0", "--minutes=0", "--threads=0", "--threads=x", "all"})
    void refusesWhatItDoesNotKnow(String argument, @TempDir Path folder) {
        StringWriter err = new StringWriter();
        assertEquals(
                2,
                ModelFigures.commandLine()
                        .setErr(new PrintWriter(err))
                        .execute("--packages=" + folder, argument));
    }

    @Test
    void wantsExportedNetworks(@TempDir Path folder) {
        assertEquals(2, ModelFigures.commandLine().execute("--packages=" + folder));
    }

    @Test
    void dividesTheTimeAmongProcesses() {
        var timing = ModelFigures.timing(10, 100, 0.5);
        assertEquals(3.0, (timing.warmUpMillis() + 3 * timing.iterationMillis()) / 1000.0, 0.01);
    }

    @Test
    void comparesWithinARound() {
        Row row = new Row("net", 2, new LinkedHashMap<>());
        for (double time : new double[] {2e6, 4e6, 8e6}) {
            row.add(ModelContenders.REFERENCE, time);
            row.add("portable, libtorch", 1.5 * time);
        }
        row.add("fastest, built-in", Double.NaN);
        assertEquals(6e6, row.time("portable, libtorch"));
        assertEquals(1.5, row.ratio("portable, libtorch"));
        String table =
                new ModelReport(MACHINE, 3, List.of(row), Map.of("a job", "a reason")).markdown();
        assertTrue(
                table.contains("| net, 2 | 4.00 ms | 6.00 ms (1.50) | – | – | – | – | – |"), table);
        assertTrue(table.contains("Not measured: a job: a reason"), table);
    }
}
