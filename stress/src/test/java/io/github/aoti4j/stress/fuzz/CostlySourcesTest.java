package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.internal.indices.IndexChecksTest;
import io.github.aoti4j.internal.indices.KernelText;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a package says, made to cost more than its size; large, as fuzzing does not make it. */
class CostlySourcesTest {
    private static final int MILLION = 1_000_000;
    private static final String LEAF = "{\"type\":null,\"context\":null,\"children_spec\":[]}";

    private final PackageReadersFuzzTest readers = new PackageReadersFuzzTest();

    private void attack(String reader, String text) {
        readers.attack(reader, text.getBytes(UTF_8));
    }

    private static String each(int count, String delimiter, IntFunction<String> text) {
        return IntStream.range(0, count).mapToObj(text).collect(Collectors.joining(delimiter));
    }

    @Test
    void layersToNoEnd() {
        for (String open :
                List.of(
                        "[",
                        "(",
                        "{",
                        "-",
                        "{\"a\":",
                        "a[",
                        "std::max({",
                        "demo::f(int[] a=[",
                        "if (",
                        "f(")) {
            String deep = open.repeat(MILLION / open.length());
            for (String reader :
                    List.of(
                            "tree_spec",
                            "extern_nodes",
                            "schema",
                            "wrapper",
                            "constant_uses",
                            "indices",
                            "operator_calls",
                            "expression",
                            "compiler_flags")) {
                attack(reader, deep);
            }
        }
        attack("schema", "demo::f(int[] a=" + "[".repeat(MILLION));
        attack("schema", "demo::f(int" + "[]".repeat(MILLION) + " a) -> ()");
        attack("schema", "demo::f(int" + "?".repeat(MILLION) + " a) -> ()");
        attack("schema", "demo::f(a" + ".a".repeat(MILLION) + " x) -> ()");
        attack("expression", "a_size[0]" + "-a_size[0]".repeat(MILLION / 10));
    }

    @Test
    void callsOfOperatorsWithinOneAnother() {
        String call = "aoti_torch_proxy_executor_call_function(proxy_executor, 0, ";
        for (String open :
                List.of(
                        call,
                        call + "a{",
                        call + "{}, {",
                        "aoti_torch_f(a, ",
                        "assert_size_stride(a, {(",
                        "assert_size_stride(a, {b c ",
                        "move(",
                        "((a, &b_handle), ",
                        "int64_t a[] = {",
                        "b = reinterpret_tensor_wrapper(a, ")) {
            attack("operator_calls", call + open.repeat(MILLION / 4 / open.length()));
        }
    }

    @Test
    void callSpecsNestedToTheLimit() {
        String dict = "{\"type\":\"builtins.list\",\"context\":\"null\",\"children_spec\":[";
        attack("tree_spec", "[1," + dict.repeat(90) + LEAF + "]}".repeat(90) + "]");
        attack("tree_spec", "[1," + dict.repeat(450) + LEAF + "]}".repeat(450) + "]");
    }

    @Test
    void callSpecsOfManyLeaves() {
        attack("tree_spec", spec(each(40_000, ",", _ -> LEAF), "[]", ""));
    }

    @Test
    void callSpecsOfManyKeysAndAsManyThatWereAbsent() {
        String keys = each(20_000, ",", i -> "\\\"a_" + i + "\\\"");
        String absent = each(100_000, ",", i -> "\\\"b" + i + "\\\"");
        String record =
                "{\"type\":\"R\",\"context\":\"[["
                        + keys
                        + "],["
                        + absent
                        + "]]\",\"children_spec\":["
                        + each(20_000, ",", _ -> LEAF)
                        + "]}";
        attack("tree_spec", spec(record, "[]", ""));
    }

    @Test
    void callSpecsWhoseKeysHaveTheSameHash() {
        // "Aa" and "BB" do, and so do lists of them; lists have no order to fall back on.
        String keys =
                each(
                        1 << 14,
                        ",",
                        i ->
                                each(
                                                14,
                                                ",",
                                                bit ->
                                                        (i >> bit & 1) == 0
                                                                ? "\\\"Aa\\\""
                                                                : "\\\"BB\\\"")
                                        .transform(key -> "[" + key + "]"));
        String dict =
                "{\"type\":\"builtins.dict\",\"context\":\"["
                        + keys
                        + "]\",\"children_spec\":["
                        + each(1 << 14, ",", _ -> LEAF)
                        + "]}";
        attack("tree_spec", spec(dict, "[]", ""));
    }

    /** A kernel with this body, and a wrapper that calls it. */
    private void attackKernel(String body) {
        attack(
                "indices",
                KernelText.kernel(body) + KernelText.wrapper(KernelText.call("arg0_1", "arg1_1")));
    }

    @Test
    void kernelsOfManyChecks() {
        attackKernel(IndexChecksTest.SIMPLE.repeat(2_000));
        attackKernel("AOTI_TORCH_CHECK(".repeat(50_000));
        attackKernel(KernelText.LOOP + "{" + "AOTI_TORCH_CHECK(x0 < 5, \"\");".repeat(20_000));
        attack("indices", "extern \"C\" AOTI_TORCH_CHECK(".repeat(30_000));
        String call = KernelText.call("arg0_1", "arg1_1");
        attack(
                "indices",
                KernelText.kernel(IndexChecksTest.SIMPLE.repeat(100))
                        + KernelText.wrapper(call.repeat(2_000)));
        String kernels =
                each(
                        3_000,
                        "",
                        i ->
                                KernelText.kernel(IndexChecksTest.SIMPLE)
                                        .replace("lookup", "lookup" + i));
        attack("indices", kernels + KernelText.wrapper(call.repeat(1_000)));
    }

    @Test
    void kernelsWhoseValuesGrow() {
        String doubled = each(5_000, "", i -> "auto tmp%d = tmp%d + tmp%1$d;".formatted(i + 1, i));
        String check = "AOTI_TORCH_CHECK(tmp5000 < 5, \"\");";
        attackKernel(KernelText.LOOP + "{ auto tmp0 = x0;" + doubled + check);
        attackKernel("auto tmp0 = ks0;" + doubled + check);
        String product = "(x0 + ks0)*".repeat(300) + "1L";
        attackKernel(
                KernelText.LOOP
                        + "{"
                        + "auto tmp2 = in_ptr0[%s]; AOTI_TORCH_CHECK(tmp2 < ks1, \"\");"
                                .formatted(product)
                                .repeat(300));
    }

    @Test
    void kernelsOfManyLayers() {
        String check = "AOTI_TORCH_CHECK(x0 < 5, \"\");";
        attackKernel((KernelText.LOOP + "{").repeat(5_000) + check.repeat(1_000));
        attackKernel("{".repeat(200_000) + check);
        attackKernel("auto tmp0 = " + "static_cast<int64_t>(".repeat(20_000) + check);
        attackKernel("auto tmp0 = " + "[&] {".repeat(50_000) + check);
        attackKernel(("auto tmp0 = " + "(".repeat(30) + ";").repeat(5_000) + check);
        attackKernel("AOTI_TORCH_CHECK(" + "at::vec::VecMask<int64_t,2>(".repeat(10_000) + check);
    }

    /** A call of some arguments. */
    private static String spec(String args, String keywords, String values) {
        return "[1,{\"type\":\"builtins.tuple\",\"context\":\"null\",\"children_spec\":["
                + "{\"type\":\"builtins.tuple\",\"context\":\"null\",\"children_spec\":["
                + args
                + "]},{\"type\":\"builtins.dict\",\"context\":\""
                + keywords
                + "\",\"children_spec\":["
                + values
                + "]}]}]";
    }

    @Test
    void operatorsCalledWithListsOfLists() {
        String lists = each(100_000, ",", _ -> "[[],[]]");
        attack("extern_nodes", nodes("{\"as_ints\":[" + lists + "]}"));
        attack("extern_nodes", nodes("{\"as_float\":" + "9".repeat(MILLION) + "}"));
        attack("extern_nodes", nodes("{\"as_float\":1e" + "9".repeat(900) + "}"));
        attack("extern_nodes", nodes("{\"as_float\":" + "9".repeat(900) + "}"));
        attack("extern_nodes", nodes("{\"as_int\":" + "9".repeat(900) + "}"));
        attack(
                "extern_nodes",
                nodes("{\"as_optional_tensor\":".repeat(400) + "{}" + "}".repeat(400)));
    }

    private static String nodes(String argument) {
        return "{\"nodes\":[{\"node\":{\"target\":\"a::b\",\"inputs\":[{\"name\":\"x\",\"arg\":"
                + argument
                + "}],\"outputs\":[]}}]}";
    }

    @Test
    void sourcesThatClaimMoreInputsThanTheyDescribe() {
        attack("wrapper", "AOTInductorModelBase(100000, 100000, 2147483647)");
    }

    @Test
    void sourcesOfManyInputsAndSymbols() {
        int count = 10_000;
        var text = new StringBuilder("AOTInductorModelBase(%1$d, 1, 0)".formatted(count));
        for (int i = 0; i < count; i++) {
            text.append("inputs_info_[%1$d].name = \"a%1$d\";".formatted(i));
            text.append("if (a%1$d_size[0] < 5) {} if (1 != a%1$d_stride[0]) {}".formatted(i));
        }
        text.append("run_impl(");
        for (int i = 0; i < count; i++) {
            text.append("int64_t s%1$d = a%1$d_size[0];".formatted(i));
        }
        attack("wrapper", text + "inputs.clear();");
    }

    @Test
    void constantsThatAreUsedOverAndOverInOneCall() {
        attack(
                "constant_uses",
                "auto& c = constants_->at(0);\naoti_torch_clone(" + "c,".repeat(MILLION / 4));
    }

    @Test
    void symbolsThatHaveOneLongNameInCommon() {
        var names = Collections.nCopies(20_000, "n".repeat(20_000));
        readers.attack("elf", TinyLibrary.of("l", names, List.of()));
    }
}
