package io.github.aoti4j.internal.callspec;

import static io.github.aoti4j.internal.callspec.Specs.LEAF;
import static io.github.aoti4j.internal.callspec.Specs.dict;
import static io.github.aoti4j.internal.callspec.Specs.list;
import static io.github.aoti4j.internal.callspec.Specs.node;
import static io.github.aoti4j.internal.callspec.Specs.text;
import static io.github.aoti4j.internal.callspec.Specs.tuple;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.InvalidInputException;

import org.junit.jupiter.api.Test;

import java.util.AbstractList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Containers in all the forms that a caller may give them, with strings for tensors. */
class FlattenerTest {
    private static final String POINT =
            node("collections.namedtuple", "\"demo.Point\"", LEAF, LEAF);
    private static final String BOX =
            node("demo.Box", text("[[\"low\", \"high_end\"], [\"label\"]]"), LEAF, LEAF);

    record Point(String x, String y) {}

    record Box(String highEnd, String low, String label) {}

    record Opts(List<String> k) {}

    private static Flattener flattener(Plan plan) {
        List<String> names =
                IntStream.range(0, plan.leafCount()).mapToObj(i -> "arg" + i + "_1").toList();
        return new Flattener(plan, InputLeaves.of(plan.leafCount(), names));
    }

    /** A model that takes one positional argument. */
    private static Flattener one(String node) {
        return flattener(Specs.inputs(tuple(node), List.of()));
    }

    private static Object[] flat(Flattener flattener, Object arg) {
        return flattener.flatten(new Object[] {arg}, null);
    }

    private static void refuses(String message, Flattener flattener, Object arg) {
        var e = assertThrows(InvalidInputException.class, () -> flat(flattener, arg));
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }

    /** A list that is not for random access. */
    private static List<String> oneByOne(String... elements) {
        return new AbstractList<>() {
            @Override
            public String get(int index) {
                return elements[index];
            }

            @Override
            public int size() {
                return elements.length;
            }
        };
    }

    @Test
    void takesSequencesInEveryForm() {
        Object[] expected = {"a", "b"};
        for (String node : List.of(list(LEAF, LEAF), tuple(LEAF, LEAF), POINT)) {
            assertArrayEquals(expected, flat(one(node), List.of("a", "b")));
            assertArrayEquals(expected, flat(one(node), oneByOne("a", "b")));
            assertArrayEquals(expected, flat(one(node), new String[] {"a", "b"}));
        }
        assertArrayEquals(expected, flat(one(tuple(LEAF, LEAF)), new Point("a", "b")));
        assertArrayEquals(expected, flat(one(POINT), new Point("a", "b")));
    }

    @Test
    void readsDictsByKeyWhateverTheirOrder() {
        Flattener flattener =
                one(dict(List.of("\"z\"", "3", "null", "[1, 2]"), LEAF, LEAF, LEAF, LEAF));
        Map<Object, String> map = new HashMap<>();
        map.put(List.of(1, 2), "tuple");
        map.put(null, "none");
        map.put(3, "three");
        map.put("z", "last");
        Object[] expected = {"last", "three", "none", "tuple"};
        assertArrayEquals(expected, flat(flattener, map));
        map.remove(3);
        map.put((short) 3, "three");
        assertArrayEquals(expected, flat(flattener, map));
    }

    @Test
    void readsMapsThatRefuseOtherKeys() {
        assertArrayEquals(
                new Object[] {"one", "two"},
                flat(
                        one(dict(List.of("1", "2"), LEAF, LEAF)),
                        new TreeMap<>(Map.of(2, "two", 1, "one"))));
        refuses(
                "args[0][\"k\"] is missing",
                one(dict(List.of("\"k\""), LEAF)),
                new TreeMap<>(Map.of(1, "one")));
    }

    @Test
    void readsRecordsByName() {
        assertArrayEquals(
                new Object[] {"low", "high"}, flat(one(BOX), new Box("high", "low", null)));
        assertArrayEquals(
                new Object[] {"low", "high"},
                flat(one(BOX), Map.of("high_end", "high", "low", "low")));
        Flattener keywords =
                flattener(Specs.inputs(tuple(), List.of("\"x\"", "\"y\""), LEAF, LEAF));
        assertArrayEquals(
                new Object[] {"a", "b"}, keywords.flatten(new Object[0], new Point("a", "b")));
    }

    @Test
    void readsRecordsWithinRecords() {
        record Outer(Opts opts, Point point) {}
        Flattener flattener =
                one(
                        dict(
                                List.of("\"point\"", "\"opts\""),
                                POINT,
                                dict(List.of("\"k\""), list(LEAF, LEAF))));
        assertArrayEquals(
                new Object[] {"x", "y", "a", "b"},
                flat(flattener, new Outer(new Opts(List.of("a", "b")), new Point("x", "y"))));
    }

    @Test
    void refusesRecordsThatDoNotFit() {
        record Less(String low) {}
        record More(String low, String highEnd, String colour) {}
        refuses("args[0].high_end is missing", one(BOX), new Less("a"));
        refuses(
                "args[0] has an unexpected key \"colour\"; it is demo.Box(low: Tensor,",
                one(BOX),
                new More("a", "b", "c"));
        refuses("args[0].label must be null", one(BOX), new Box("a", "b", "c"));
        refuses("args[0] has 3 elements instead of 2", one(POINT), new Box("a", "b", "c"));
        refuses(
                "args[0] is a " + Point.class.getName(),
                one(list(LEAF, LEAF)),
                new Point("a", "b"));
    }

    @Test
    void refusesNullAsAKey() {
        Map<Object, Object> none = new HashMap<>();
        none.put(null, "x");
        refuses("args[0].low is missing", one(BOX), none);
        none.put("low", "a");
        none.put("high_end", "b");
        refuses("args[0] has an unexpected key None", one(BOX), none);
        none.put(null, null);
        refuses("args[0] has an unexpected key None", one(BOX), none);
    }

    @Test
    void doesNotGuessBetweenTwoSpellings() {
        record Both(String aB) {}
        refuses(
                "args[0][\"a_b\"] is missing",
                one(dict(List.of("\"a_b\"", "\"aB\""), LEAF, LEAF)),
                new Both("x"));
    }

    @Test
    void namesThePathOfWhatIsWrong() {
        Plan plan =
                Specs.inputs(
                        tuple(LEAF, BOX),
                        List.of("\"opts\"", "\"no name\""),
                        dict(List.of("\"k\""), list(LEAF, list(LEAF))),
                        list(LEAF));
        Flattener flattener = flattener(plan);
        Map<String, String> box = Map.of("low", "l", "high_end", "h");
        Map<String, Object> good =
                Map.of("opts", Map.of("k", List.of("a", List.of("b"))), "no name", List.of("c"));
        assertArrayEquals(
                new Object[] {"x", "l", "h", "a", "b", "c"},
                flattener.flatten(new Object[] {"x", box}, good));
        String[] messages = {
            "kwargs.opts[\"k\"][1] has 2 elements instead of 1; it takes a List or an array:"
                    + " [Tensor]",
            "kwargs.opts[\"k\"] is missing",
            "kwargs.opts[\"k\"] is null",
            "kwargs.opts has an unexpected key \"j\"; it is {\"k\": [Tensor, [Tensor]]}",
            "kwargs.opts is a java.lang.String; it takes a Map or a record",
            "kwargs[\"no name\"] is missing",
            "the model takes no keyword argument \"y\"; the model is called as forward(Tensor,"
                    + " demo.Box("
        };
        Object[] bad = {
            Map.of("opts", Map.of("k", List.of("a", List.of("b", "c"))), "no name", List.of("c")),
            Map.of("opts", Map.of(), "no name", List.of("c")),
            Map.of("opts", Collections.singletonMap("k", null), "no name", List.of("c")),
            Map.of(
                    "opts",
                    Map.of("k", List.of("a", List.of("b")), "j", 1),
                    "no name",
                    List.of("c")),
            Map.of("opts", "k", "no name", List.of("c")),
            Map.of("opts", Map.of("k", List.of("a", List.of("b")))),
            Map.of("opts", Map.of("k", List.of("a", List.of("b"))), "no name", List.of("c"), "y", 1)
        };
        for (int i = 0; i < bad.length; i++) {
            Object kwargs = bad[i];
            var e =
                    assertThrows(
                            InvalidInputException.class,
                            () -> flattener.flatten(new Object[] {"x", box}, kwargs));
            assertTrue(e.getMessage().startsWith(messages[i]), e.getMessage());
        }
        var few =
                assertThrows(
                        InvalidInputException.class,
                        () -> flattener.flatten(new Object[] {"x"}, good));
        assertTrue(few.getMessage().startsWith("args[1] is missing"), few.getMessage());
        var many =
                assertThrows(
                        InvalidInputException.class,
                        () -> flattener.flatten(new Object[] {"x", box, 3}, good));
        assertTrue(
                many.getMessage().startsWith("the model takes 2 positional arguments, but 3"),
                many.getMessage());
    }

    @Test
    void whatHoldsNoInputMayBeLeftOut() {
        Plan plan =
                Specs.inputs(
                        tuple(LEAF, LEAF, tuple(LEAF, list())),
                        List.of("\"flag\"", "\"x\"", "\"empty\""),
                        LEAF,
                        LEAF,
                        dict(List.of()));
        // Leaves 0 and 4 are inputs.
        Flattener flattener = new Flattener(plan, InputLeaves.of(5, List.of("arg0_1", "arg4_1")));
        assertArrayEquals(
                new Object[] {"a", null, null, null, "x"},
                flattener.flatten(new Object[] {"a"}, Map.of("x", "x")));
        assertArrayEquals(
                new Object[] {"a", 1, 2, true, "x"},
                flattener.flatten(
                        new Object[] {"a", 1, List.of(2, List.of())},
                        Map.of("x", "x", "flag", true, "empty", Map.of())));
        assertArrayEquals(
                new Object[] {"a", null, null, null, "x"},
                flattener.flatten(new Object[] {"a", null, null}, Map.of("x", "x")));
        assertEquals(5, plan.leafCount());
    }
}
