package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Optional;

class WrapperSourceTest {
    private static WrapperText matrix() {
        return new WrapperText()
                .input(
                        "arg0_1",
                        "float32",
                        "arg0_1_size[0] < 2",
                        "arg0_1_size[0] > 1024",
                        "10 != arg0_1_size[1]",
                        "10 != arg0_1_stride[0]",
                        "1 != arg0_1_stride[1]");
    }

    private static String describe(WrapperText text) {
        return text.parse().inputs().getFirst().describe();
    }

    @Test
    void readsCountsAndNames() {
        var source = new WrapperText(2).input("arg0_1", "int64").input("arg1_1", "bool").parse();
        assertEquals(2, source.inputCount());
        assertEquals(2, source.outputCount());
        assertEquals(0, source.constantCount());
        assertEquals(List.of("output0", "output1"), source.outputNames());
        assertEquals("arg1_1", source.inputs().get(1).name());
        assertEquals(Optional.of(DType.INT64), source.inputs().get(0).dtype());
        assertEquals(Optional.of(DType.BOOL), source.inputs().get(1).dtype());
        assertEquals(0, source.inputs().get(1).deviceType().orElseThrow());
    }

    @Test
    void readsChecksSymbolsAndAssertions() {
        var text =
                matrix().prologue("auto arg0_1_size = arg0_1.sizes();")
                        .prologue("int64_t s77 = arg0_1_size[0];")
                        .asserted("arg0_1", "{s77, 10L}", "{10L, 1L}");
        assertEquals("float32 [s77: 1..1024, 10]", describe(text));
        var input = text.parse().inputs().getFirst();
        assertTrue(input.rankKnown());
        assertEquals(1, input.dimensions().get(0).min());
        assertEquals(1024, input.dimensions().get(0).max());
    }

    @Test
    void readsSizesThroughTheTensorItself() {
        var text = matrix().prologue("int64_t s77 = arg0_1.sizes()[0];");
        assertEquals("float32 [s77: 1..1024, 10]", describe(text));
    }

    @Test
    void takesTheRankFromChecksWhereNothingIsAsserted() {
        assertTrue(matrix().parse().inputs().getFirst().rankKnown());
        assertEquals("float32 [?: 1..1024, 10]", describe(matrix()));
        var fixed = new WrapperText().input("arg0_1", "float32", "8 != arg0_1_size[0]");
        assertEquals("float32 [8]", describe(fixed));
        var noDimension = new WrapperText().input("arg0_1", "float32");
        assertEquals("float32 []", describe(noDimension));
    }

    @Test
    void leavesTheRankOpenWhereMinimaAreNotChecked() {
        var text =
                new WrapperText()
                        .input("arg0_1", "float32", "8 != arg0_1_size[0]")
                        .prologue("int64_t s5 = arg0_1_size[1];");
        assertEquals("float32 [8, s5, …]", describe(text));
    }

    @Test
    void keepsMinimaAboveTwo() {
        var text = new WrapperText().input("arg0_1", "float32", "arg0_1_size[0] < 3");
        assertEquals("float32 [?: 3..]", describe(text));
        var zero = new WrapperText().input("arg0_1", "float32", "arg0_1_size[0] < 0");
        assertEquals("float32 [?]", describe(zero));
    }

    @Test
    void lowersTheMinimaOfDerivedSizesThatComeFromSizesOfTwo() {
        assertEquals("float32 [2*s0: 2..]", describe(derived("2L*s0", 4)));
        assertEquals("float32 [1 + s0: 2..]", describe(derived("1L + s0", 3)));
        assertEquals("float32 [1 + s0: 5..]", describe(derived("1L + s0", 5)));
        assertEquals("float32 [3*s0 - 3: 1..]", describe(derived("3L*s0 - 3L", 3)));
        assertEquals("float32 [s0/s0: 3..]", describe(derived("s0/s0", 3)));
    }

    private static WrapperText derived(String size, long min) {
        return new WrapperText()
                .input("arg0_1", "float32", "arg0_1_size[0] < " + min)
                .input("arg1_1", "float32")
                .prologue("int64_t s0 = arg1_1_size[0];")
                .asserted("arg0_1", "{" + size + ", }", "{1L, }");
    }

    @Test
    void describesStridesThatAreNotRowMajor() {
        var channelsLast =
                new WrapperText()
                        .input("arg0_1", "float32")
                        .prologue("int64_t s1 = arg0_1_size[0];")
                        .prologue("int64_t s2 = arg0_1_size[2];")
                        .asserted("arg0_1", "{s1, 3L, s2, 8L}", "{24L*s2, 1L, 24L, 3L}");
        assertEquals("float32 [s1, 3, s2, 8] strides [24*s2, 1, 24, 3]", describe(channelsLast));
        var rowMajor =
                new WrapperText()
                        .input("arg0_1", "float32")
                        .prologue("int64_t s1 = arg0_1_size[1];")
                        .asserted("arg0_1", "{4L, s1, 1L, 8L}", "{8L*s1, 8L, 55L, 1L}");
        assertEquals("float32 [4, s1, 1, 8]", describe(rowMajor));
        var anyStride =
                new WrapperText()
                        .input("arg0_1", "float32", "1 != arg0_1_stride[1]")
                        .prologue("int64_t s1 = arg0_1_stride[0];")
                        .asserted("arg0_1", "{4L, 5L}", "{s1, 1L}");
        assertEquals("float32 [4, 5] strides [s1, 1]", describe(anyStride));
    }

    @Test
    void followsAliasesAndComputedSymbols() {
        var text =
                new WrapperText()
                        .input("arg0_1", "float32", "arg0_1_size[0] < 7")
                        .prologue("int64_t arg0_1_size_0 = arg0_1_size[0];")
                        .prologue("int64_t s39 = (-1.0/3.0) + (1.0/3.0)*arg0_1_size_0;")
                        .prologue("int64_t s40 = s39;")
                        .asserted("arg0_1", "{1L + 3L*s40, }", "{1L, }");
        assertEquals("float32 [1 + 3*s39: 4..]", describe(text));
        assertEquals(2, text.parse().symbols().size());
    }

    @Test
    void ignoresDefinitionsAfterTheInputsAreUnpacked() {
        var text =
                new WrapperText()
                        .input("arg0_1", "float32")
                        .body("int64_t u0 = arg0_1_size[0];")
                        .asserted("arg0_1", "{u0, }", "{1L, }");
        assertTrue(text.parse().symbols().isEmpty());
        assertEquals("float32 [u0]", describe(text));
        assertFalse(text.parse().inputs().getFirst().dimensions().getFirst().size().isKnown());
    }

    @Test
    void ignoresAssertionsOfWhatOperatorsReturn() {
        var text =
                matrix().body("assert_size_stride(arg0_1, {5L, 5L}, {5L, 1L}, \"aten.add_\");")
                        .body("assert_size_stride(buf0, {5L}, {1L}, \"input\");");
        assertEquals("float32 [?: 1..1024, 10]", describe(text));
    }

    @Test
    void readsAssertionsThatNameTheDtypeToo() {
        var text =
                new WrapperText()
                        .input("arg0_1", "float32")
                        .body(
                                "assert_size_stride(arg0_1, {5L, }, {1L, }, \"input\","
                                        + " cached_torch_dtype_float32, \"torch.float32\");");
        assertEquals("float32 [5]", describe(text));
    }

    @Test
    void dropsAnAssertionThatContradictsTheChecks() {
        var text = matrix().asserted("arg0_1", "{10L, }", "{1L, }");
        assertEquals("float32 [?: 1..1024, 10]", describe(text));
    }

    @Test
    void readsScalarsPassedAsTensors() {
        var source =
                new WrapperText()
                        .input("arg0_1", "int64")
                        .prologue(
                                "AOTI_TORCH_ERROR_CODE_CHECK(aoti_torch_item_int64(inputs[0],"
                                        + " &s5));")
                        .parse();
        assertFalse(source.inputs().getFirst().rankKnown());
        assertEquals("int64 […]", source.inputs().getFirst().describe());
        assertTrue(source.inputs().getFirst().isScalar());
        assertFalse(matrix().parse().inputs().getFirst().isScalar());
    }

    @Test
    void readsConstants() {
        var source =
                new WrapperText()
                        .input("arg0_1", "float32")
                        .constant(
                                "name = \"layer_weight\";",
                                "dtype = cached_torch_dtype_bfloat16;",
                                "device_type = cached_torch_device_type_cpu;",
                                "offset = 3;",
                                "data_size = 640;",
                                "from_folded = false;",
                                "type ="
                                    + " static_cast<int32_t>(torch::aot_inductor::ConstantType::Parameter);",
                                "shape = {16, 10};",
                                "stride = {10, 1};",
                                "layout = static_cast<int32_t>(cached_torch_layout_strided);",
                                "original_fqn = \"layer.weight\";")
                        .constant("name = \"folded\";", "from_folded = true;", "shape = {};")
                        .constant("name = \"old\";", "dtype = static_cast<int32_t>(at::kFloat);")
                        .parse();
        assertEquals(
                new ConstantSpec(
                        0,
                        "layer_weight",
                        Optional.of("layer.weight"),
                        Optional.of(DType.BFLOAT16),
                        Optional.of("cpu"),
                        Optional.of("strided"),
                        3,
                        640,
                        false,
                        Optional.of("Parameter"),
                        Optional.of(List.of(16L, 10L)),
                        Optional.of(List.of(10L, 1L))),
                source.constants().get(0));
        assertTrue(source.constants().get(1).fromFolded());
        assertEquals(Optional.of(List.of()), source.constants().get(1).shape());
        assertEquals("old", source.constants().get(2).name());
        assertEquals(Optional.empty(), source.constants().get(2).dtype());
        assertEquals(-1, source.constants().get(2).dataSize());
    }

    @Test
    void readsCallSpecsInOneOrSeveralPieces() {
        var source =
                new WrapperText()
                        .constructor("in_spec_ = R\"([1, {\"type\": null}])\";")
                        .constructor("out_spec_ =\nR\"([1, {\"ty)\"\nR\"(pe\": null}])\"\n;")
                        .parse();
        assertEquals(Optional.of("[1, {\"type\": null}]"), source.inSpec());
        assertEquals(Optional.of("[1, {\"type\": null}]"), source.outSpec());
    }

    @Test
    void readsTheCompilersTargetFromItsCommand() {
        String source = matrix().text();
        assertEquals(Optional.empty(), WrapperSource.parse(source).orElseThrow().march());
        String quoted = source + "// Compile cmd\n// g++ a.cpp -O3 -march=native -fPIC\n";
        assertEquals(Optional.of("native"), WrapperSource.parse(quoted).orElseThrow().march());
        String odd = source + "// Compile cmd\n// g++ -march=\u001b[31m x\n";
        assertEquals(Optional.empty(), WrapperSource.parse(odd).orElseThrow().march());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "not C++ at all \u0000 \" ' R\"(",
                "AOTInductorModelBase(",
                "AOTInductorModelBase(1, x, 2)",
                "AOTInductorModelBase(1000000000, 1, 0)",
                "AOTInductorModelBase(1, 1000000000, 0)",
                "AOTInductorModelBase(1, 1, 99999999999)",
            })
    void isEmptyWhereTheSourceIsNoModel(String text) {
        assertEquals(Optional.empty(), WrapperSource.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "if (5 != arg0_1_size[0",
                "if (5 != arg0_1_size[70]) {}",
                "if (5 != arg0_1_size[0] + 1) {}",
                "if (arg0_1_size[0] < 2 && x) {}",
                "if (arg0_1_size[0] > 99999999999999999999) {}",
                "if (arg0_1_stride[0] < 5) {}",
                "ConstantHandle arg0_1 = ConstantHandle(input_handles[9]);",
                "int32_t arg0_1_expected_device_type = 99999999999;",
                "int32_t arg0_1_expected_dtype = ;",
                "inputs_info_[3].name = \"arg0_1\";",
                "constants_info_[0].shape = {1};",
                "outputs_info_[5].name = \"x\";",
                "assert_size_stride(arg0_1, {1L}, {1L, 2L}, \"input\");",
                "assert_size_stride(arg0_1, {1L}, \"input\");",
                "assert_size_stride(arg0_1, {(((((, {1L}, \"input\");",
                "in_spec_ = 5;",
            })
    void passesOverWhatItDoesNotRecognise(String statement) {
        var source = matrix().body(statement).parse();
        assertEquals(
                List.of(10L, 1L),
                source.inputs().getFirst().dimensions().stream()
                        .map(d -> d.stride().toLong(new long[0]))
                        .toList());
        assertEquals(1024, source.inputs().getFirst().dimensions().getFirst().max());
        assertTrue(source.constants().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "int64_t a = (;",
                "int64_t a = (",
                "int64_t a = s0 + (s0 + (b;",
                "if (if (",
                "assert_size_stride(arg0_1, {{{((",
                "assert_size_stride(arg0_1, {((((;",
                "constants_info_[0].type = ",
                "R\"a(",
                "/*",
                "#define \\\n",
            })
    void readsAHostileSourceToItsEnd(String repeated) {
        // Twenty thousand times: with any way back, this would take minutes.
        var text = matrix().prologue("int64_t s0 = arg0_1_size[0];\n" + repeated.repeat(20_000));
        assertEquals(1, text.parse().inputCount());
    }
}
