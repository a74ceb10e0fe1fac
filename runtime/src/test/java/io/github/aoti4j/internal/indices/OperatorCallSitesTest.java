package io.github.aoti4j.internal.indices;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression.Symbol;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.cpp.SizeSymbol.Extent;
import io.github.aoti4j.internal.indices.OperatorCallSite.PassedTensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What generated sources say of the results of operators; the forms are those of PyTorch 2.13. */
class OperatorCallSitesTest {
    private static final List<SizeSymbol> SYMBOLS =
            List.of(
                    new SizeSymbol(
                            "s77", 0, Optional.of(new Extent(0, 0, false)), Optional.empty()));

    private static final String CALL =
            """
            AOTI_TORCH_ERROR_CODE_CHECK(aoti_torch_new_uninitialized_tensor(&buf1_handle));
            RAIIAtenTensorHandle buf1(buf1_handle);
            AOTI_TORCH_ERROR_CODE_CHECK(aoti_torch_proxy_executor_call_function(proxy_executor, 0,
            1, std::array<int64_t, 1>{3}.data(), 2,
            std::array<AtenTensorHandle, 2>{arg0_1, buf1}.data()));
            arg0_1.reset();
            """;

    private static final String STATED =
            "if (env()) { assert_size_stride(buf1, {s77, 12L}, {12L, 1L}, \"op\"); }\n";

    private static PassedTensor result(String after) {
        OperatorCallSite site = find(CALL + after).get(0);
        assertEquals(2, site.tensors().size());
        return site.tensors().get(1);
    }

    private static Map<Integer, OperatorCallSite> find(String body) {
        return OperatorCallSites.find(
                "void AOTInductorModel::run_impl(Handle* in) {\n" + body + "\n}\n", SYMBOLS);
    }

    @Test
    void readsSizesStridesAndType() {
        PassedTensor result =
                result(STATED + "cpp_fused_add_0((const float*)(buf1.data_ptr()), s77);");
        assertEquals("[Symbol[name=s77, slot=0], Literal[value=12]]", result.sizes().get() + "");
        assertEquals("[Literal[value=12], Literal[value=1]]", result.strides().get() + "");
        assertEquals(Optional.of(DType.FLOAT32), result.dtype());
        assertTrue(result.usesLayout());
        assertTrue(result.usesDtype());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "auto buf2 = std::move(buf1);  // reuse",
                "{ buf2.reset(); buf2 = std::move(buf1); }",
                "auto buf2 = wrap_with_raii_handle_if_needed(reinterpret_tensor_wrapper(buf1, 1,"
                        + " int_array_0, int_array_1, 0L));",
                "CHECK(aoti_torch_assign_tensors_out(buf1, &buf2_handle));",
                "while (1) { x(); }\nauto buf2 = std::move(buf1);"
            })
    void followsTheMemory(String shared) {
        PassedTensor result = result(STATED + shared + "\nkernel((bool*)(buf2.data_ptr()));");
        assertEquals(Optional.of(DType.BOOL), result.dtype());
        assertTrue(result.usesLayout());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kernel(buf1);",
                "kernel(buf1.data_ptr());",
                "kernel((const odd*)(buf1.data_ptr()));",
                "kernel((const float*)(buf1.data_ptr())); kernel((const"
                        + " double*)(buf1.data_ptr()));",
                "auto p = buf1.mystery();",
                // Sorting gives the type that it gets.
                "CHECK(aoti_torch_cpu_sort(buf1, 0, &buf2_handle));"
                        + " kernel((const float*)(buf2.data_ptr()));",
                "CHECK(aoti_torch_cpu_sort(buf1, 0, &buf2_handle));"
                        + "CHECK(aoti_torch_cpu_flip(wrap_with_raii_handle_if_needed("
                        + "reinterpret_tensor_wrapper(buf2, 1, a, b, 0L)), &buf3_handle));"
                        + " auto buf4 = std::move(buf3); kernel((const float*)(buf4.data_ptr()));",
            })
    void knowsNoTypeButThatItMatters(String use) {
        PassedTensor result = result(STATED + use);
        assertEquals(Optional.empty(), result.dtype());
        assertTrue(result.usesDtype());
        assertTrue(result.usesLayout());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "output_handles[0] = buf1.release();",
                "buf1.reset();",
                "CHECK(aoti_torch_proxy_executor_call_function(proxy_executor, 1, 0,"
                        + " std::array<int64_t, 0>{}.data(), 2, std::array<AtenTensorHandle,"
                        + " 2>{buf1, buf2}.data()));"
            })
    void knowsThatNothingReadsIt(String use) {
        PassedTensor result = result(use);
        assertFalse(result.usesLayout());
        assertFalse(result.usesDtype());
        assertEquals(Optional.empty(), result.sizes());
    }

    @Test
    void knowsThatLibtorchChecksTheType() {
        PassedTensor result = result("CHECK(aoti_torch_cpu_mm_out(buf3, buf1, buf2));");
        assertTrue(result.usesLayout());
        assertFalse(result.usesDtype());
    }

    @Test
    void readsWhatTheCallBrings() {
        OperatorCallSite site =
                find("""
                const int64_t int_array_0[] = {u0, 4L};
                static constexpr int64_t int_array_1[] = {4L, 1L};
                static constexpr int64_t *int_array_2=nullptr;
                CHECK(aoti_torch_empty_strided(2, int_array_0, int_array_1, f, &buf0_handle));
                CHECK(aoti_torch_proxy_executor_call_function(proxy_executor, 7, 2,
                std::array<int64_t, 2>{u1, 2L*s77}.data(), 4,
                std::array<AtenTensorHandle, 4>{buf0, wrap_with_raii_handle_if_needed(reinterpret_tensor_wrapper(x, 0, int_array_2, int_array_2, 0L)), buf5, buf6}.data()));
                auto u7 = buf5.size(1);
                assert_size_stride(buf5, {u0, u7, }, {u7, 1L, }, "op");
                """)
                        .get(7);
        assertEquals(new Symbol("u1", OperatorCallSite.FREE), site.integers().getFirst());
        assertEquals("2*s77", site.integers().getLast().text());
        assertEquals("u0", site.tensors().getFirst().sizes().get().getFirst().text());
        assertEquals(List.of(), site.tensors().get(1).sizes().get());
        assertEquals(Map.of(1, "u7"), site.tensors().get(2).sizeNames());
        assertEquals(2, site.tensors().get(2).sizes().get().size());
        assertEquals(Optional.empty(), site.tensors().get(3).sizes());
    }

    @Test
    void knowsABufferThatIsUsedAgain() {
        String next = CALL.replace("proxy_executor, 0", "proxy_executor, 1");
        for (String again :
                List.of(
                        "auto buf3 = std::move(buf1);  // reuse\n",
                        "CHECK(aoti_torch_assign_tensors_out(buf1, &buf3_handle));\n")) {
            OperatorCallSite site =
                    find(CALL + STATED + again + next.replace("arg0_1", "buf3")).get(1);
            assertEquals("s77", site.tensors().getFirst().sizes().get().getFirst().text());
        }
        String view = "auto buf3 = wrap_it(reinterpret_tensor_wrapper(buf1, 1, a, b, 0L));\n";
        OperatorCallSite site = find(CALL + STATED + view + next.replace("arg0_1", "buf3")).get(1);
        assertEquals(Optional.empty(), site.tensors().getFirst().sizes());
    }

    @Test
    void keepsFunctionsApart() {
        Map<Integer, OperatorCallSite> found =
                OperatorCallSites.find(
                        "void M::_const_run_impl() {"
                                + CALL
                                + "kernel((float*)(buf1.data_ptr())); } void M::run_impl() {"
                                + CALL.replace("proxy_executor, 0", "proxy_executor, 1")
                                + STATED
                                + "kernel((double*)(buf1.data_ptr())); }",
                        SYMBOLS);
        assertEquals(Optional.of(DType.FLOAT32), found.get(0).tensors().get(1).dtype());
        assertEquals(Optional.empty(), found.get(0).tensors().get(1).sizes());
        assertEquals(Optional.of(DType.FLOAT64), found.get(1).tensors().get(1).dtype());
        assertTrue(found.get(1).tensors().get(1).sizes().isPresent());
    }

    @Test
    void takesNoSideWhereTwoCallsDiffer() {
        String twice = CALL + STATED + CALL.replace("buf1", "buf2");
        assertEquals(List.of(), find(twice).get(0).tensors());
    }
}
