package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.internal.callspec.CallPlan;
import io.github.aoti4j.internal.callspec.TreeSpecReader;
import io.github.aoti4j.stress.fuzz.FuzzTarget;

import java.util.stream.IntStream;

/** Attacks the reader of call specs. */
public final class CallSpecFuzz {
    private CallSpecFuzz() {}

    /** The reader of TreeSpecs, and what is made of them. */
    public static FuzzTarget target(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("tree_spec", seeds, CallSpecFuzz::read)
                .words(
                        "{\"type\": null, \"context\": null, \"children_spec\": []}",
                        "\"builtins.dict\"",
                        "\"builtins.list\"",
                        "\"collections.namedtuple\"",
                        "\"collections.defaultdict\"",
                        "\"[\\\"a_b\\\", 1]\"",
                        "\"__enum__\"",
                        "[[[[",
                        "1e999999999");
    }

    /** One spec for the arguments and the results; every other leaf of the arguments an input. */
    private static void read(byte[] input) {
        String json = new String(input, UTF_8);
        int outputs = TreeSpecReader.outputs(json).leafCount();
        int leaves = TreeSpecReader.inputs(json).leafCount();
        var names = IntStream.range(0, leaves / 2).mapToObj(i -> "arg" + (2 * i) + "_1").toList();
        var spec = new CallSpec(CallPlan.of(json, json, names, outputs));
        assertFalse(spec.describe().isEmpty());
        assertEquals(outputs, spec.outputPaths().size());
        assertFalse(spec.args().toString().isEmpty());
        assertFalse(spec.kwargs().toString().isEmpty());
        spec.inputPaths().forEach(path -> assertFalse(path.isEmpty()));
    }
}
