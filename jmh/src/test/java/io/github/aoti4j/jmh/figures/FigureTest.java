package io.github.aoti4j.jmh.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

class FigureTest {
    private static Sample sample(double nanos) {
        return new Sample(nanos, Double.NaN);
    }

    @Test
    void comparesWithinEachRound() {
        var ours = Map.of(1, sample(50), 2, sample(500), 3, sample(60));
        var others = Map.of(1, sample(100), 2, sample(1000), 3, sample(80));
        Figure figure = Figure.of("w", "ours", ours, "reference", others);
        assertEquals(60, figure.nanos());
        assertEquals(0.5, figure.ratio());
    }

    @Test
    void leavesOutRoundsThatTheReferenceMissed() {
        var ours = Map.of(1, sample(50), 2, sample(100));
        Figure figure = Figure.of("w", "ours", ours, "reference", Map.of(2, sample(50)));
        assertEquals(2, figure.ratio());
        assertEquals(2, figure.forks().size());
    }

    @Test
    void hasNoRatioWithoutReferenceAndNoBytesWithoutJvm() {
        Figure figure = Figure.of("w", "ours", Map.of(1, sample(50)), "reference", Map.of());
        assertNull(figure.ratio());
        assertNull(figure.heapBytes());
    }

    @Test
    void medianOfAnEvenNumberIsBetweenTheMiddleTwo() {
        assertEquals(2.5, Median.of(List.of(4.0, 1.0, 3.0, 2.0)));
        assertTrue(Double.isNaN(Median.of(List.of())));
    }

    @Test
    void readsOnlyTheLinesThatAreFigures() {
        var lines = List.of("a warning", "ns 12.5", "ns 1e", "ns 7");
        assertEquals(List.of(12.5, 7.0), ProcessContender.parse(lines));
    }
}
