package io.github.aoti4j.internal.operators;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Set;

/** What packages list is read, and compared with what the operators of libtorch take. */
class ProxyCallsTest {
    private static String nodes(String target, String inputs, String outputs) {
        return """
        {"nodes": [{"name": "buf0", "node":
            {"target": "%s", "inputs": [%s], "outputs": [%s], "metadata": {}}}]}
        """
                .formatted(target, inputs, outputs);
    }

    private static String input(String name, String arg) {
        return "{\"name\": \"%s\", \"arg\": {%s}, \"kind\": 1}".formatted(name, arg);
    }

    private static List<String> problems(String target, String inputs, String outputs) {
        LibTorch libtorch = LibTorch.load();
        ProxyCalls calls = ProxyCalls.parse(nodes(target, inputs, outputs));
        return ProxyPlans.compile(calls, libtorch::has, false, true).problems();
    }

    private static final String SELF = input("self", "\"as_tensor\": {\"name\": \"arg0\"}");
    private static final String TENSOR = "{\"as_tensor\": {\"name\": \"buf1\"}}";

    @Test
    void namesOperatorsWithTheirOverloads() {
        assertEquals(
                Set.of("aten::add.Tensor"),
                ProxyCalls.parse(nodes("aten::add.Tensor", SELF, TENSOR)).operators());
    }

    @Test
    @NeedsLibTorch
    void compilesWhatFits() {
        assertEquals(List.of(), problems("aten::exp", SELF, TENSOR));
        String dtype = input("dtype", "\"as_scalar_type\": 7");
        assertEquals(List.of(), problems("aten::to.dtype", SELF + "," + dtype, TENSOR));
        String format = input("memory_format", "\"as_memory_format\": 1");
        assertEquals(List.of(), problems("aten::clone", SELF + "," + format, TENSOR));
        String device = input("device", "\"as_device\": {\"type\": \"cpu\", \"index\": null}");
        String layout = input("layout", "\"as_layout\": 7");
        assertEquals(
                List.of(),
                problems("aten::empty_like", SELF + "," + device + "," + layout, TENSOR));
        // A generator cannot be passed, but may be left out.
        String mean = input("mean", "\"as_float\": 1.5");
        assertEquals(List.of(), problems("aten::log_normal", SELF + "," + mean, TENSOR));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "aten::unheard_of; self; no such operator",
                "aten::add.Unheard; self; no such operator",
                "call_torchbind; self; no such operator",
                "aten::exp; other; an argument other, which it does not have",
                "aten::exp; other; argument self of type Tensor (left out)",
                "aten::neg_; other; argument self of type Tensor (left out)",
                "aten::rsub.Tensor; self; argument other of type Tensor (left out)",
            })
    @NeedsLibTorch
    void tellsWhatDoesNotFit(String target, String argument, String problem) {
        String input = input(argument, "\"as_tensor\": {\"name\": \"arg0\"}");
        String problems = String.join("\n", problems(target, input, TENSOR));
        assertTrue(problems.contains(problem), problems);
        assertTrue(problems.contains(target), problems);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "dtype; \"as_int\": 7, \"as_none\": true; one property",
                "dtype; \"as_scalar_type\": 99; dtype 99 is unknown",
                "dtype; \"as_scalar_type\": \"float\"; is no integer",
                "memory_format; \"as_memory_format\": 77; memory format 77 is unknown",
                "x; \"as_ints\": 3; not an array",
                "x; \"as_int\": 99999999999999999999; is no integer",
                "x; \"as_float\": \"much\"; is no number",
                "x; \"as_bool\": 1; neither true nor false",
                "x; \"as_device\": {}; not a string",
                "x; \"as_optional_tensor\": 3; one property",
                "x; \"as_optional_tensors\": [{\"as_unheard\": 3}]; neither a tensor nor none",
                "x; \"as_scalar_type\": 4294967303; dtype 4294967303 is unknown",
                "x; \"as_device\": {\"type\": \"cpu\", \"index\": 99999999999999999999}; is no"
                        + " integer",
            })
    void refusesMalformedValues(String name, String arg, String problem) {
        String json = nodes("aten::exp", input(name, arg), TENSOR);
        String message =
                assertThrows(IllegalArgumentException.class, () -> ProxyCalls.parse(json))
                        .getMessage();
        assertTrue(message.contains(problem), message);
        assertTrue(message.contains("node 0"), message);
    }

    @ParameterizedTest
    @CsvSource({
        "'', \"nodes\"",
        "'[]', \"nodes\"",
        "'{\"nodes\": 3}', \"nodes\"",
        "'{\"nodes\": [', not valid JSON",
        "'{\"nodes\": [], \"nodes\": []}', Duplicate",
        "'{\"nodes\": [{}]}', not a string",
        "'{\"nodes\": [{\"node\": {\"target\": \"a::b\"}}]}', no array \"inputs\""
    })
    void refusesMalformedLists(String json, String problem) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> ProxyCalls.parse(json))
                        .getMessage();
        assertTrue(message.contains(problem), message);
    }

    @Test
    void refusesANumberThatNoDoubleIs() {
        String json = nodes("aten::exp", input("x", "\"as_float\": 1" + "0".repeat(400)), TENSOR);
        String message =
                assertThrows(IllegalArgumentException.class, () -> ProxyCalls.parse(json))
                        .getMessage();
        assertTrue(message.endsWith(" is no number"), message);
    }

    @Test
    @NeedsLibTorch
    void kindsThatCannotBePassedAreNamed() {
        String object = input("self", "\"as_custom_obj\": {\"name\": \"o\", \"class_fqn\": \"c\"}");
        String problems = String.join("\n", problems("aten::exp", object, TENSOR));
        assertTrue(problems.contains("argument self of type Tensor (as_custom_obj)"), problems);
        String list = "{\"as_tensors\": [{\"name\": \"buf1\"}]}";
        problems = String.join("\n", problems("aten::exp", SELF, list));
        assertTrue(problems.contains("result 0 of type Tensor (as_tensors)"), problems);
    }
}
