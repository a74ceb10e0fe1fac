package io.github.aoti4j.internal.operators;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.internal.operators.Literal.BoolLiteral;
import io.github.aoti4j.internal.operators.Literal.FloatLiteral;
import io.github.aoti4j.internal.operators.Literal.IntLiteral;
import io.github.aoti4j.internal.operators.Literal.ListLiteral;
import io.github.aoti4j.internal.operators.Literal.None;
import io.github.aoti4j.internal.operators.Literal.Text;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Optional;

class SchemaParserTest {
    private static List<String> types(OperatorSchema schema) {
        return schema.arguments().stream().map(a -> a.type().toString()).toList();
    }

    private static Optional<Literal> fallback(String type, String value) throws SchemaException {
        return SchemaParser.parse("a::b(%s x=%s) -> ()".formatted(type, value))
                .arguments()
                .getFirst()
                .fallback();
    }

    @Test
    void readsNameOverloadArgumentsAndResults() throws SchemaException {
        OperatorSchema schema =
                SchemaParser.parse(
                        "aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False,"
                                + " *, MemoryFormat? memory_format=None) -> Tensor(a)");
        assertEquals("aten::to", schema.name());
        assertEquals("dtype", schema.overload());
        assertEquals("aten::to.dtype", schema.qualifiedName());
        assertEquals(List.of("Tensor", "ScalarType", "bool", "MemoryFormat?"), types(schema));
        assertEquals("memory_format", schema.arguments().get(3).name());
        assertTrue(schema.results().getFirst().aliases());
        assertFalse(schema.arguments().getFirst().written());
    }

    @Test
    void readsTypesWithinTypes() throws SchemaException {
        OperatorSchema schema =
                SchemaParser.parse(
                        "a::b(Tensor?[] a, SymInt[]? b, int[2] c, Tensor(a!)[] d, str[][] e,"
                                + " Dict(str, Tensor[]) f, (int, str)? g,"
                                + " __torch__.torch.classes.rnn.Cell[] h, Generator? i) -> ()");
        assertEquals(
                List.of(
                        "Tensor?[]",
                        "int[]?",
                        "int[2]",
                        "Tensor[]",
                        "str[][]",
                        "Dict(str, Tensor[])",
                        "(int, str)?",
                        "__torch__.torch.classes.rnn.Cell[]",
                        "Generator?"),
                types(schema));
        assertTrue(schema.arguments().get(3).written());
        List<Boolean> passable =
                schema.arguments().stream().map(a -> a.type().isPassable()).toList();
        assertEquals(List.of(true, true, true, true, true, false, false, false, false), passable);
    }

    @Test
    void readsResults() throws SchemaException {
        OperatorSchema schema =
                SchemaParser.parse(
                        "a::b(Tensor(a -> *) x) -> (Tensor values, Tensor(a)[], int? n)");
        List<String> results = schema.results().stream().map(r -> r.type().toString()).toList();
        assertEquals(List.of("Tensor", "Tensor[]", "int?"), results);
        assertTrue(schema.results().get(1).aliases());
        assertEquals(0, SchemaParser.parse("a::b() -> ()").results().size());
        assertEquals(1, SchemaParser.parse("a::b() -> Tensor out").results().size());
    }

    @Test
    void readsDefaults() throws SchemaException {
        assertEquals(Optional.of(new None()), fallback("int?", "None"));
        assertEquals(Optional.of(new IntLiteral(-3)), fallback("int", "-3"));
        assertEquals(
                Optional.of(new FloatLiteral(1e-5)), fallback("float", "1.0000000000000001e-05"));
        assertEquals(Optional.of(new FloatLiteral(1)), fallback("float", "1."));
        assertEquals(
                Optional.of(new FloatLiteral(Double.NEGATIVE_INFINITY)), fallback("float", "-inf"));
        assertEquals(Optional.of(new BoolLiteral(true)), fallback("bool", "True"));
        assertEquals(Optional.of(new Text("a\"b, c)")), fallback("str", "\"a\\\"b, c)\""));
        assertEquals(
                Optional.of(new ListLiteral(List.of(new IntLiteral(0), new IntLiteral(1)))),
                fallback("int[]", "[0, 1]"));
        assertEquals(Optional.of(new ListLiteral(List.of())), fallback("int[1]", "[]"));
        assertEquals(Optional.of(new IntLiteral(0)), fallback("int[2]", "0"));
        // Of no use here, but no reason to refuse the operator before it is known whether it
        // counts.
        assertEquals(Optional.of(new IntLiteral(1)), fallback("Scalar", "1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "add(Tensor x) -> Tensor; expected \"::\"",
                "a::b(Tensor x) -> Tensor Tensor(; expected the end",
                "a::b(Tensor x, ...) -> Tensor; expected a type",
                "a::b(Tensor 9) -> Tensor; expected the argument's name",
                "a::b(int x=9223372036854775808) -> (); expected a number",
                "a::b(int x=long) -> (); unknown here: long",
                "a::b(int[99999999] x) -> (); expected the size of a list",
                "a::b(int[] x=[1, True]) -> (); the default of argument x is no int[]",
                "a::b(Tensor(a x) -> (; expected",
            })
    void tellsWhatIsMalformed(String schema, String problem) {
        String message =
                assertThrows(SchemaException.class, () -> SchemaParser.parse(schema)).getMessage();
        assertTrue(message.contains(problem), message);
    }

    @Test
    void refusesLayersWithoutEnd() {
        String lists = "a::b(int" + "[]".repeat(40) + " x) -> ()";
        String defaults = "a::b(Scalar x=" + "[".repeat(40) + "]".repeat(40) + ") -> ()";
        for (String schema : List.of(lists, defaults)) {
            var e = assertThrows(SchemaException.class, () -> SchemaParser.parse(schema));
            assertTrue(e.getMessage().contains("of more than 32 layers"), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a::b(Tensor x, Tensor? y=None, *, str s=\"a\") -> (Tensor, Tensor[])"})
    void survivesEveryCut(String schema) {
        for (int i = 0; i < schema.length() - 1; i++) {
            String cut = schema.substring(0, i);
            assertThrows(SchemaException.class, () -> SchemaParser.parse(cut), cut);
        }
    }
}
