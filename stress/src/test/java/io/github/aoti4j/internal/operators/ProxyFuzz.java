package io.github.aoti4j.internal.operators;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.stress.fuzz.FuzzTarget;

import java.util.List;
import java.util.stream.Stream;

/** Attacks what reads operators' calls and schemas. */
public final class ProxyFuzz {
    private ProxyFuzz() {}

    /** The reader of the calls that a package lists. */
    public static FuzzTarget externNodes(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("extern_nodes", seeds, ProxyFuzz::readNodes)
                .refusing(IllegalArgumentException.class)
                .words(
                        "\"as_int\":",
                        "\"as_float\":",
                        "\"as_optional_tensor\":",
                        "\"as_optional_tensors\":",
                        "\"as_scalar_type\":",
                        "\"as_device\":",
                        "\"index\":",
                        "99999999999999999999",
                        "1e999999999");
    }

    private static void readNodes(byte[] input) {
        var calls = ProxyCalls.parse(new String(input, UTF_8));
        calls.operators().forEach(name -> assertNotNull(name));
        calls.nodes().forEach(node -> assertNotNull(node.toString()));
    }

    /** The reader of operators' schemas. */
    public static FuzzTarget schema() {
        return FuzzTarget.of("schema", ProxyFuzz::schemas, ProxyFuzz::readSchema)
                .refusing(SchemaException.class)
                .words(
                        "Tensor",
                        "(a!)",
                        "[]",
                        "?",
                        "->",
                        "=None",
                        "[",
                        "1e999999999",
                        "::",
                        "Dict(");
    }

    private static List<byte[]> schemas() {
        return Stream.of(
                        "demo::scale(Tensor x, float by=1., *, str? mode=None) -> Tensor",
                        "aten::add_.Scalar(Tensor(a!) self, Scalar other, Scalar alpha=1) ->"
                                + " (Tensor(a!))",
                        "demo::f(Tensor[] xs, int[2] s=[1, 2], ScalarType? d=None) -> (Tensor[] a,"
                                + " int)",
                        "demo::g(Dict(str, Tensor) d, Device? device=\"cpu\") -> ()")
                .map(text -> text.getBytes(UTF_8))
                .toList();
    }

    private static void readSchema(byte[] input) throws SchemaException {
        var schema = SchemaParser.parse(new String(input, UTF_8));
        assertFalse(schema.toString().isEmpty());
        schema.arguments().forEach(argument -> argument.type().isPassable());
    }
}
