package io.github.aoti4j.internal.callspec;

import static io.github.aoti4j.internal.callspec.Specs.LEAF;
import static io.github.aoti4j.internal.callspec.Specs.dict;
import static io.github.aoti4j.internal.callspec.Specs.dump;
import static io.github.aoti4j.internal.callspec.Specs.list;
import static io.github.aoti4j.internal.callspec.Specs.node;
import static io.github.aoti4j.internal.callspec.Specs.text;
import static io.github.aoti4j.internal.callspec.Specs.tuple;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.CallSpecException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

class TreeSpecReaderTest {
    private static String signature(String root) {
        return Signature.of(Specs.outputs(root), 0);
    }

    private static String refused(String json) {
        return assertThrows(CallSpecException.class, () -> TreeSpecReader.outputs(json))
                .getMessage();
    }

    @Test
    void readsEveryKindOfNode() {
        assertEquals("Tensor", signature(LEAF));
        assertEquals("(Tensor,)", signature(tuple(LEAF)));
        assertEquals("([], {}, ())", signature(tuple(list(), dict(List.of()), tuple())));
        assertEquals(
                "{\"k\": [Tensor, Tensor], 3: Tensor}",
                signature(dict(List.of("\"k\"", "3"), list(LEAF, LEAF), LEAF)));
        assertEquals(
                "OrderedDict({\"z\": Tensor})",
                signature(node("collections.OrderedDict", text("[\"z\"]"), LEAF)));
        assertEquals("deque([Tensor])", signature(node("collections.deque", "\"5\"", LEAF)));
        assertEquals(
                "defaultdict({\"q\": Tensor})",
                signature(
                        node(
                                "collections.defaultdict",
                                """
                                {"default_factory_module": "builtins", \
                                "default_factory_name": "list", "dict_context": ["q"]}\
                                """,
                                LEAF)));
        assertEquals(
                "demo.Point(Tensor, Tensor)",
                signature(node("collections.namedtuple", "\"demo.Point\"", LEAF, LEAF)));
        assertEquals(
                "demo.Box(low: Tensor, high: Tensor, label: None)",
                signature(
                        node("demo.Box", text("[[\"low\", \"high\"], [\"label\"]]"), LEAF, LEAF)));
        assertEquals(
                "demo.Output(logits: Tensor)",
                signature(node("demo.Output", text("[\"logits\"]"), LEAF)));
    }

    @Test
    void readsKeysOfEveryKind() {
        Plan plan =
                Specs.outputs(
                        dict(
                                List.of(
                                        "\"k\"",
                                        "-3",
                                        "2.5",
                                        "true",
                                        "null",
                                        "[1, [2, \"x\"]]",
                                        "{\"__enum__\": true, \"fqn\": \"m:E\", \"name\":"
                                                + " \"RED\"}"),
                                LEAF,
                                LEAF,
                                LEAF,
                                LEAF,
                                LEAF,
                                LEAF,
                                LEAF));
        Keys keys = plan.keys(0);
        assertEquals("k", keys.get(0));
        assertEquals(-3L, keys.get(1));
        assertEquals(2.5, keys.get(2));
        assertEquals(true, keys.get(3));
        assertNull(keys.get(4));
        assertEquals(List.of(1L, List.of(2L, "x")), keys.get(5));
        assertEquals("RED", keys.get(6));
        assertEquals("output[(1, (2, \"x\"))]", Paths.ofOutput(plan, plan.leafNode(5)));
        assertEquals("output[None]", Paths.ofOutput(plan, plan.leafNode(4)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "[1]",
                "nonsense",
                "[1, {}",
                "[1, null]",
                "[1, {}]",
                "[1, {\"type\": null, \"context\": null}]",
                "[1, {\"type\": null, \"context\": \"null\", \"children_spec\": []}]",
                "[1, {\"type\": 5, \"context\": null, \"children_spec\": []}]",
                "[1, {\"type\": \"builtins.tuple\", \"context\": null, \"children_spec\": {}}]",
                "[1, {\"type\": \"builtins.dict\", \"context\": null, \"children_spec\": []}]",
                "[1, {\"type\": \"builtins.dict\", \"context\": \"[\", \"children_spec\": []}]",
                "[1, {\"type\": \"builtins.dict\", \"context\": \"[1]\", \"children_spec\": []}]",
                "[1, {\"type\": null, \"type\": null, \"context\": null, \"children_spec\": []}]",
                "[1, {\"type\": null, \"context\": null, \"children_spec\": []}] and more",
                "[1, {\"type\": \"collections.defaultdict\", \"context\": {}, \"children_spec\":"
                        + " []}]",
                "[1, {\"type\": \"collections.namedtuple\", \"context\": {}, \"children_spec\":"
                        + " []}]",
                "[2, {\"type\": null, \"context\": null, \"children_spec\": []}]",
                "[1e99, {\"type\": null, \"context\": null, \"children_spec\": []}]",
                "[99999999999999999999, {\"type\": null, \"context\": null, \"children_spec\": []}]"
            })
    void refusesWhatIsNoTreeSpec(String json) {
        assertTrue(refused(json).startsWith("the call spec of the outputs "), refused(json));
    }

    @Test
    void tellsThatAModelHasNone() {
        assertTrue(refused("").contains("without a call spec"), refused(""));
    }

    @Test
    void namesTheProtocolThatItDoesNotKnow() {
        String message = refused("[7, " + LEAF + "]");
        assertEquals(
                "the call spec of the outputs has protocol 7, and this version of aoti4j reads 1",
                message);
    }

    @Test
    void namesTypesThatItDoesNotKnow() {
        for (String context : List.of("\"null\"", "null", text("{\"a\": 1}"), text("[\"a\"]"))) {
            String message = refused(dump(node("demo.Odd\\u001b[2J", context, LEAF, LEAF)));
            assertTrue(message.contains("of the type demo.Odd\\u001b[2J, whose"), message);
        }
    }

    @Test
    void refusesKeysThatOccurTwice() {
        assertTrue(
                refused(dump(dict(List.of("1", "1"), LEAF, LEAF))).contains("key twice"),
                "the same number");
        assertTrue(
                refused(dump(node("demo.Box", text("[[\"a\"], [\"a\"]]"), LEAF)))
                        .contains("key twice"),
                "a field that is there and None");
    }

    @Test
    void refusesMoreKeysThanAHashTableCanTellApart() {
        List<String> keys = IntStream.range(0, 1001).mapToObj(i -> "[" + i + "]").toList();
        String[] leaves = Collections.nCopies(1001, LEAF).toArray(String[]::new);
        assertTrue(refused(dump(dict(keys, leaves))).contains("more than 1000 keys"));
        List<String> strings = keys.stream().map(Specs::text).toList();
        assertEquals(1001, Specs.outputs(dict(strings, leaves)).leafCount());
    }

    @Test
    void refusesDepthsThatWouldOverflowTheStack() {
        String open = "{\"type\": \"builtins.list\", \"context\": \"null\", \"children_spec\": [";
        for (int depth : new int[] {102, 5_000, 40_000}) {
            String message = refused(dump(open.repeat(depth) + "]}".repeat(depth)));
            assertTrue(message.contains("nest"), message);
        }
        String hundred = open.repeat(100) + LEAF + "]}".repeat(100);
        assertEquals(1, TreeSpecReader.outputs(dump(hundred)).leafCount());
        String keys = "[".repeat(200) + "]".repeat(200);
        assertTrue(refused(dump(dict(List.of(keys), LEAF))).contains("nest"), "a deep key");
    }

    @Test
    void readsNumbersOfAnyLength() {
        String digits = "9".repeat(400);
        Plan plan = Specs.outputs(dict(List.of(digits, "1e999"), LEAF, LEAF));
        assertEquals(new BigInteger(digits), plan.keys(0).get(0));
        assertEquals(Double.POSITIVE_INFINITY, plan.keys(0).get(1), "as in Python");
        for (String key : List.of("9".repeat(5000), "NaN")) {
            String json = dump(dict(List.of(key), LEAF));
            assertThrows(CallSpecException.class, () -> TreeSpecReader.outputs(json), key);
        }
    }

    @Test
    void refusesTextsWithoutEnd() {
        String message = refused(dump(list((LEAF + ", ").repeat(100_000) + LEAF)));
        assertTrue(message.contains("longer than"), message);
    }

    @Test
    void demandsArgumentsAndKeywordsOfInputs() {
        for (String root :
                List.of(
                        LEAF,
                        tuple(),
                        tuple(tuple()),
                        tuple(tuple(), tuple()),
                        tuple(list(), dict(List.of())),
                        list(tuple(), dict(List.of())),
                        tuple(tuple(), dict(List.of("1"), LEAF)))) {
            assertThrows(CallSpecException.class, () -> TreeSpecReader.inputs(dump(root)), root);
        }
        Plan plan = TreeSpecReader.inputs(dump(tuple(tuple(LEAF), dict(List.of("\"y\""), LEAF))));
        assertEquals(2, plan.leafCount());
    }
}
