package io.github.aoti4j.jmh.figures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.jmh.Machine;
import io.github.aoti4j.jmh.figures.Contender.Sample;
import io.github.aoti4j.jmh.figures.Contender.Timing;
import io.github.aoti4j.jmh.figures.Report.Figure;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

import tools.jackson.databind.json.JsonMapper;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

class ReportTest {
    private static final String OURS = "aoti4j Runner.run";
    private static final String LOADER = "C++ loader";
    private static final Machine MACHINE =
            new Machine("CPU <8>", 2, 23, "Linux", "25", "2.13.0", List.of("peer-1"), "1");

    private static Figure figure(String workload, String contender, double nanos, Double ratio) {
        return new Figure(workload, contender, nanos, List.of(nanos), null, LOADER, ratio);
    }

    private static Report report() {
        var runs =
                List.of(
                        figure("small", OURS, 311, 0.72),
                        figure("small", LOADER, 432, 1.0),
                        figure("small", "slow & old", 10_500, 24.3),
                        figure("large", LOADER, 2_500_000, 1.0));
        var scaling = List.of(new Figure("small", "two", 410, List.of(), null, "one", 1.05));
        return new Report(
                MACHINE,
                5,
                new Timing(400, 5, 200),
                runs,
                List.of(),
                scaling,
                Map.of("runner_kib_before", 1024L),
                Map.of("DJL", "no natives"));
    }

    private static Figure figure(List<Sample> own, List<Sample> reference) {
        return Figure.of("w", new Contender("ours", "reference", null), own, reference);
    }

    private static List<Sample> samples(double... nanos) {
        return DoubleStream.of(nanos).mapToObj(n -> new Sample(n, Double.NaN)).toList();
    }

    @Test
    void comparesWithinEachRound() {
        Figure figure = figure(samples(50, 500, 60), samples(100, 1000, 80));
        assertEquals(60, figure.nanos());
        assertEquals(0.5, figure.ratio());
    }

    @Test
    void leavesOutRoundsThatTheReferenceMissed() {
        Figure figure = figure(samples(100, 50), samples(50));
        assertEquals(2, figure.ratio());
        assertEquals(2, figure.forks().size());
    }

    @Test
    void hasNoRatioWithoutReferenceAndNoBytesWithoutJvm() {
        Figure figure = figure(samples(50), List.of());
        assertNull(figure.ratio());
        assertNull(figure.heapBytes());
    }

    @Test
    void medianOfAnEvenNumberIsBetweenTheMiddleTwo() {
        assertEquals(2.5, Contender.median(DoubleStream.of(4, 1, 3, Double.NaN, 2)));
        assertTrue(Double.isNaN(Contender.median(DoubleStream.empty())));
    }

    @Test
    void readsOnlyTheLinesThatAreFigures() {
        var lines = Stream.of("a warning", "ns 12.5", "ns 1e", "ns 7");
        assertArrayEquals(new double[] {12.5, 7.0}, Contender.parse(lines));
    }

    @Test
    void tableHasRowPerContenderAndColumnPerWorkload() {
        String table = report().markdown();
        assertTrue(
                table.contains("|  | small | large | Java heap per run |\n|---|---:|---:|---:|\n"),
                table);
        assertTrue(table.contains("| aoti4j Runner.run | 311 ns (0.72) | – |"), table);
        assertTrue(table.contains("| C++ loader | 432 ns | 2.50 ms |"), table);
        assertTrue(table.contains("| slow & old | 10.5 µs (24.3) | – |"), table);
    }

    @Test
    void tableTellsMachineScalingMemoryAndWhatIsMissing() {
        String table = report().markdown();
        assertTrue(table.startsWith("CPU <8>, 2 cores, 23 GiB, Linux; JDK 25, libtorch 2.13.0"));
        assertTrue(table.contains("\n|---|---:|---:|\n| small | two | 1.90 |"), table);
        assertTrue(table.contains("| runner_kib_before | 1024 |"), table);
        assertTrue(table.contains("Not measured: DJL: no natives"), table);
    }

    @Test
    void chartIsXmlWithABarForEachFigureThatIsShown() throws Exception {
        String svg = report().svg(List.of(OURS, LOADER, "slow & old", "none"));
        var document =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader(svg)));
        var bars = document.getElementsByTagName("rect");
        assertEquals(4, bars.getLength());
        var first = (Element) bars.item(0);
        var third = (Element) bars.item(2);
        assertEquals("aoti4j", first.getAttribute("class"));
        double length = Double.parseDouble(first.getAttribute("width"));
        double longest = Double.parseDouble(third.getAttribute("width"));
        assertEquals(311 / 10_500.0, length / longest, 0.002);
    }

    @Test
    void jsonHoldsEveryFork() {
        var json = JsonMapper.builder().build().readTree(report().json());
        assertEquals(311, json.at("/runs/0/forks/0").asDouble());
        assertEquals(0.72, json.at("/runs/0/ratio").asDouble());
        assertTrue(json.at("/runs/0/heapBytes").isNull());
        assertEquals("2.13.0", json.at("/machine/libtorch").asString());
    }

    @Test
    void unitsKeepThreeDigits() {
        assertEquals("7.70 ns", Report.time(7.7));
        assertEquals("1.00 µs", Report.time(999.9));
        assertEquals("178 ms", Report.time(178e6));
    }

    @Test
    void peersAreTheArtifactsNamedOnTheClassPath() {
        String classPath =
                "/a/pytorch-2.10.0-1.5.13.jar:/a/pytorch-2.10.0-1.5.13-linux-x86_64.jar"
                        + ":/a/onnxruntime-1.23.2.jar:/a/openblas-0.3.31.jar";
        assertEquals(
                List.of("onnxruntime-1.23.2", "pytorch-2.10.0-1.5.13"), Machine.peers(classPath));
        assertFalse(Machine.peers(classPath).contains("openblas-0.3.31"));
    }
}
