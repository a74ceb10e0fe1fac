package io.github.aoti4j.internal.callspec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.CallSpecException;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Random structures: what is flattened by a spec and put together by it is the same again. */
class RoundTripTest {
    /** A spec and a value of its structure, whose leaves are numbered as they come. */
    private static final class Sample {
        private final Random random;
        private int leaves;

        Sample(long seed) {
            random = new Random(seed);
        }

        /** A node's spec, whose value is added. */
        String node(int depth, List<Object> values) {
            int kind = depth == 0 ? 0 : random.nextInt(10);
            if (kind < 3) {
                values.add(leaves++);
                return Specs.LEAF;
            }
            int count = random.nextInt(4);
            List<Object> children = new ArrayList<>();
            List<String> keys = new ArrayList<>();
            Map<Object, Object> map = new LinkedHashMap<>();
            String[] specs = new String[count];
            for (int i = 0; i < count; i++) {
                specs[i] = node(depth - 1, children);
                boolean named = kind >= 8 || random.nextBoolean();
                keys.add(named ? "\"key_" + i + "\"" : String.valueOf(i));
                map.put(named ? "key_" + i : (Object) (long) i, children.getLast());
            }
            String context = Specs.text(Specs.array(keys));
            values.add(kind < 7 ? children : shuffled(map));
            return switch (kind) {
                case 3 -> Specs.tuple(specs);
                case 4 -> Specs.list(specs);
                case 5 -> Specs.node("collections.deque", "\"null\"", specs);
                case 6 -> Specs.node("collections.namedtuple", "\"demo.P\"", specs);
                case 7 -> Specs.node("builtins.dict", context, specs);
                case 8 -> Specs.node("collections.OrderedDict", context, specs);
                default -> Specs.node("demo.Fields", context, specs);
            };
        }

        private Map<Object, Object> shuffled(Map<Object, Object> map) {
            List<Object> keys = new ArrayList<>(map.keySet());
            Collections.shuffle(keys, random);
            Map<Object, Object> shuffled = new LinkedHashMap<>();
            keys.forEach(key -> shuffled.put(key, map.get(key)));
            return shuffled;
        }
    }

    @Test
    void flatteningAndShapingAreInverse() {
        for (long seed = 0; seed < 3000; seed++) {
            var sample = new Sample(seed);
            List<Object> values = new ArrayList<>();
            String spec = sample.node(1 + (int) (seed % 6), values);
            Plan inputs = Specs.inputs(Specs.tuple(spec), List.of());
            List<String> names =
                    IntStream.range(0, sample.leaves).mapToObj(i -> "arg" + i + "_1").toList();
            Object[] flat =
                    new Flattener(inputs, InputLeaves.of(sample.leaves, names))
                            .flatten(values.toArray(), null);
            Object[] expected = IntStream.range(0, sample.leaves).boxed().toArray();
            assertArrayEquals(expected, flat, spec);
            Object shaped = Shaper.of(Specs.outputs(spec)).shape(flat);
            assertEquals(values.getFirst(), shaped, spec);
            assertEquals(
                    shaped,
                    Shaper.of(Specs.outputs(spec), Integer.class, Object.class).shape(flat));
        }
    }

    @Test
    void damagedSpecsAreRefusedOrReadButNothingElse() {
        var random = new Random(7);
        int refused = 0;
        for (long seed = 0; seed < 3000; seed++) {
            String json = Specs.dump(new Sample(seed).node(4, new ArrayList<>()));
            var damaged = new StringBuilder(json);
            for (int i = random.nextInt(4); i >= 0; i--) {
                int at = random.nextInt(damaged.length());
                switch (random.nextInt(3)) {
                    case 0 -> damaged.deleteCharAt(at);
                    case 1 -> damaged.insert(at, damaged.charAt(random.nextInt(damaged.length())));
                    default -> damaged.setCharAt(at, (char) random.nextInt(128));
                }
            }
            try {
                Plan plan = TreeSpecReader.outputs(damaged.toString());
                Shaper.of(plan).shape(new Object[plan.leafCount()]);
            } catch (CallSpecException _) {
                refused++;
            }
        }
        assertTrue(refused > 1000, refused + " refused");
        assertThrows(CallSpecException.class, () -> TreeSpecReader.outputs("\0"));
    }
}
