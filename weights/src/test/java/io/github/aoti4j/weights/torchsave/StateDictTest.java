package io.github.aoti4j.weights.torchsave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.weights.mapped.Json.FormException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

class StateDictTest {
    @Test
    void takesTheTensorsOfADictionaryInOrder() throws FormException {
        assertEquals(
                List.of("b", "a"), names(d -> d.text("b").floats("0", 1).text("a").floats("1", 1)));
    }

    @Test
    void passesOverOtherValues() throws FormException {
        assertEquals(
                List.of("w"),
                names(
                        d ->
                                d.text("epoch")
                                        .number(3)
                                        .text("w")
                                        .floats("0", 1)
                                        .text("list")
                                        .op(']')
                                        .floats("0", 1)
                                        .op('a')));
    }

    @Test
    void joinsTheKeysOfDictionariesInDictionaries() throws FormException {
        assertEquals(
                List.of("encoder.w", "encoder.inner.b", "decoder.w"),
                names(
                        d ->
                                d.text("encoder")
                                        .items(
                                                e ->
                                                        e.text("w")
                                                                .floats("0", 1)
                                                                .text("inner")
                                                                .items(
                                                                        i ->
                                                                                i.text("b")
                                                                                        .floats(
                                                                                                "1",
                                                                                                1)))
                                        .text("decoder")
                                        .items(e -> e.text("w").floats("2", 1))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"state_dict", "model_state_dict", "model"})
    void takesTheModelsPartOfACheckpoint(String key) throws FormException {
        assertEquals(
                List.of("w"),
                names(
                        d ->
                                d.text("optimizer")
                                        .items(o -> o.text("momentum").floats("1", 1))
                                        .text(key)
                                        .items(m -> m.text("w").floats("0", 1))));
    }

    @Test
    void prefersTheStateDictOfACheckpoint() throws FormException {
        assertEquals(
                List.of("right"),
                names(
                        d ->
                                d.text("model")
                                        .items(m -> m.text("wrong").floats("0", 1))
                                        .text("state_dict")
                                        .items(m -> m.text("right").floats("0", 1))));
    }

    @Test
    void takesADictionaryWithTensorsForNoCheckpoint() throws FormException {
        assertEquals(
                List.of("w", "model.w"),
                names(
                        d ->
                                d.text("w")
                                        .floats("0", 1)
                                        .text("model")
                                        .items(m -> m.text("w").floats("0", 1))));
    }

    @Test
    void readsAnEmptyDictionary() throws FormException {
        assertEquals(List.of(), names(d -> {}));
    }

    @Test
    void refusesWhatHasNoNames() {
        assertRefused(TestPickle.protocol2().floats("0", 1).stop(), "without a name");
        assertRefused(TestPickle.protocol2().op(']').stop(), "no dictionary");
        assertRefused(TestPickle.dict(d -> d.text("a").number(1)), "no tensor");
    }

    @Test
    void refusesTwoTensorsOfOneName() {
        assertRefused(
                TestPickle.dict(
                        d ->
                                d.text("a.b")
                                        .floats("0", 1)
                                        .text("a")
                                        .items(a -> a.text("b").floats("1", 1))),
                "two tensors",
                "\"a.b\"");
    }

    @Test
    void refusesADictionaryWithinItself() {
        byte[] pickle =
                TestPickle.protocol2()
                        .op('}')
                        .op('q')
                        .op(0)
                        .text("self")
                        .op('h')
                        .op(0)
                        .op('s')
                        .stop();
        assertRefused(pickle, "nested more than 64 deep");
    }

    @Test
    void refusesToSpellOutMoreNamesThanAnyModelHas() throws FormException {
        // Each level holds the one below twice: 2^60 tensors in 2 KB.
        var level = read(TestPickle.dict(d -> d.text("w").floats("0", 1)));
        for (int i = 0; i < 60; i++) {
            var above = new Pickled.Dict();
            above.put("a", level);
            above.put("b", level);
            level = above;
        }
        var root = level;
        var failure = assertThrows(FormException.class, () -> StateDict.tensors(root, 1));
        assertTrue(failure.getMessage().contains("too many or too long"), failure.getMessage());
    }

    private static List<String> names(Consumer<TestPickle> items) throws FormException {
        return List.copyOf(tensors(TestPickle.dict(items)).keySet());
    }

    private static Map<String, Pickled.Tensor> tensors(byte[] pickle) throws FormException {
        return StateDict.tensors(read(pickle), pickle.length);
    }

    private static Pickled read(byte[] pickle) throws FormException {
        return PickleReader.read(MemorySegment.ofArray(pickle));
    }

    private static void assertRefused(byte[] pickle, String... words) {
        var failure = assertThrows(FormException.class, () -> tensors(pickle));
        for (String word : words) {
            assertTrue(failure.getMessage().contains(word), failure.getMessage());
        }
    }
}
