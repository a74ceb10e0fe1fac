package io.github.aoti4j.internal.callspec;

import static io.github.aoti4j.internal.callspec.Specs.LEAF;
import static io.github.aoti4j.internal.callspec.Specs.dict;
import static io.github.aoti4j.internal.callspec.Specs.list;
import static io.github.aoti4j.internal.callspec.Specs.node;
import static io.github.aoti4j.internal.callspec.Specs.text;
import static io.github.aoti4j.internal.callspec.Specs.tuple;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.InvalidInputException;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

class ShaperTest {
    private static final String POINT =
            node("collections.namedtuple", "\"demo.Point\"", LEAF, LEAF);
    private static final String OUTPUT =
            node(
                    "demo.Output",
                    text("[[\"last_state\", \"scores\"], [\"loss\"]]"),
                    LEAF,
                    list(POINT));

    record Point(String x, String y) {}

    record Output(List<Point> scores, String lastState, String loss) {}

    record Picky(String x, String y) {
        Picky {
            if (x.isEmpty()) {
                throw new UnsupportedOperationException(y);
            }
        }
    }

    private static Object natural(String node, Object... leaves) {
        return Shaper.of(Specs.outputs(node)).shape(leaves);
    }

    private static Object as(Class<?> type, String node, Object... leaves) {
        return Shaper.of(Specs.outputs(node), String.class, type).shape(leaves);
    }

    private static void refuses(String message, Class<?> type, String node) {
        var e = assertThrows(InvalidInputException.class, () -> as(type, node));
        assertEquals(message, e.getMessage());
    }

    @Test
    void makesListsAndMapsInTheSpecsOrder() {
        Object made =
                natural(dict(List.of("\"z\"", "3", "\"a\""), list(LEAF), tuple(), LEAF), "x", "y");
        Map<?, ?> map = assertInstanceOf(Map.class, made);
        assertEquals(List.of("z", 3L, "a"), new ArrayList<>(map.keySet()));
        assertEquals(List.of("x"), map.get("z"));
        assertEquals(List.of(), map.get(3), "keys of any integer type");
        assertEquals("y", map.get("a"));
        assertNull(map.get("b"));
        assertEquals(Map.of("z", List.of("x"), 3L, List.of(), "a", "y"), map);
        assertThrows(UnsupportedOperationException.class, () -> map.remove("z"));
    }

    @Test
    void onlyLeafIsTheResult() {
        assertEquals("x", natural(LEAF, "x"));
        assertNull(natural(LEAF, (Object) null));
        assertEquals("x", as(String.class, LEAF, "x"));
    }

    @Test
    void noneIsNull() {
        assertEquals(Arrays.asList("x", null), natural(tuple(LEAF, LEAF), "x", null));
        Map<?, ?> map = (Map<?, ?>) natural(OUTPUT, "h", "x", "y");
        assertEquals(Set.of("last_state", "scores", "loss"), map.keySet());
        assertTrue(map.containsKey("loss"), "a field that was None");
        assertNull(map.get("loss"));
    }

    @Test
    void makesRecords() {
        assertEquals(new Point("a", "b"), as(Point.class, POINT, "a", "b"));
        assertEquals(new Point("a", "b"), as(Point.class, tuple(LEAF, LEAF), "a", "b"));
        assertEquals(
                new Output(List.of(new Point("x", "y")), "h", null),
                as(Output.class, OUTPUT, "h", "x", "y"));
    }

    @Test
    void recordMayLeaveKeysOut() {
        record Loss(String loss) {}
        record State(Object lastState) {}
        assertEquals(new Loss(null), as(Loss.class, OUTPUT, "h", "x", "y"));
        assertEquals(new State("h"), as(State.class, OUTPUT, "h", "x", "y"));
    }

    @Test
    void componentsMayBeGeneric() {
        record Any<T>(T x, Map<String, ? extends List<? extends Point>> y) {}
        Object made =
                as(
                        Any.class,
                        tuple(list(LEAF), dict(List.of("\"k\""), list(POINT))),
                        "a",
                        "b",
                        "c");
        assertEquals(new Any<>(List.of("a"), Map.of("k", List.of(new Point("b", "c")))), made);
    }

    @Test
    void saysWhichTypeCannotHoldWhat() {
        record Wrong(int x, String y) {}
        record Keyed(Map<Long, String> scores) {}
        record Three(String a, String b, String c) {}
        record Colour(String lastState, String colour) {}
        refuses("output is Tensor, which java.util.List cannot hold", List.class, LEAF);
        refuses("output is [Tensor], which java.lang.String cannot hold", String.class, list(LEAF));
        refuses("output is {}, which java.util.List cannot hold", List.class, dict(List.of()));
        refuses("output[0] is Tensor, which int cannot hold", Wrong.class, POINT);
        refuses(
                "output is [Tensor], which " + Point.class.getName() + " cannot hold",
                Point.class,
                list(LEAF));
        refuses(
                "output[\"scores\"] is {\"k\": Tensor}, which java.util.Map<java.lang.Long,"
                        + " java.lang.String> cannot hold",
                Keyed.class,
                dict(List.of("\"scores\""), dict(List.of("\"k\""), LEAF)));
        refuses(
                "output has 2 elements, but record "
                        + Three.class.getName()
                        + " has 3 components; it is demo.Point(Tensor, Tensor)",
                Three.class,
                POINT);
        refuses(
                "output has no \"colour\", which is a component of record "
                        + Colour.class.getName()
                        + "; it is demo.Output(last_state: Tensor, scores: [demo.Point(Tensor,"
                        + " Tensor)], loss: None)",
                Colour.class,
                OUTPUT);
    }

    @Test
    void whatARecordThrowsComesOut() {
        var e =
                assertThrows(
                        UnsupportedOperationException.class,
                        () -> as(Picky.class, POINT, "", "no"));
        assertSame("no", e.getMessage());
    }
}
