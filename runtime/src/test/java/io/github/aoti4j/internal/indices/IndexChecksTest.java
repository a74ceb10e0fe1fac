package io.github.aoti4j.internal.indices;

import static io.github.aoti4j.internal.indices.KernelText.LOOP;
import static io.github.aoti4j.internal.indices.KernelText.call;
import static io.github.aoti4j.internal.indices.KernelText.checks;
import static io.github.aoti4j.internal.indices.KernelText.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.indices.IndexChecks.Origin;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Which elements of inputs have which range, as the text of kernels and their calls says. */
public class IndexChecksTest {
    private static final String LOAD = "auto tmp0 = in_ptr0[static_cast<int64_t>(x0)];";
    private static final String CHECK =
            "AOTI_TORCH_CHECK((0 <= tmp2) & (tmp2 < 10L), \"index out of bounds: 0 <= tmp2 <"
                    + " 10L\");";
    public static final String SIMPLE =
            LOOP
                    + "{"
                    + LOAD
                    + "auto tmp1 = tmp0; auto tmp2 = c10::convert<int64_t>(tmp1);"
                    + CHECK
                    + "}";
    private static final String CALL = call("arg0_1", "arg1_1");

    /** The ranges of an input, as text. */
    private static List<String> ranges(String body) {
        return checks(kernel(body), CALL).rangesOf(0).stream().map(IndexRange::text).toList();
    }

    private static void assertUnderstood(String range, String body) {
        assertEquals(List.of(range), ranges(body));
        assertEquals(List.of(), checks(kernel(body), CALL).unchecked());
    }

    private static void assertLeft(Origin origin, String kernel, String... calls) {
        var found = checks(kernel, calls);
        assertEquals(List.of(), found.ranges());
        assertEquals(1, found.unchecked().size(), () -> found.unchecked().toString());
        assertEquals(origin, found.unchecked().getFirst().origin());
        assertEquals("lookup", found.unchecked().getFirst().kernel());
        assertEquals("index out of bounds: 0 <= tmp2 < 10L", found.unchecked().getFirst().text());
    }

    /** The check for inputs of sizes s0 and s1, of which the first has the elements. */
    private static boolean accepts(String body, long s0, long s1, long... elements) {
        var check = prepared(body, s0, s1);
        return check.accepts(0, MemorySegment.ofArray(elements));
    }

    private static IndexCheck prepared(String body, long s0, long s1) {
        var source =
                WrapperSource.parse(KernelText.wrapper(CALL), List.of(kernel(body))).orElseThrow();
        assertEquals(List.of(), source.indexChecks().unchecked());
        long[] slots = new long[source.symbols().size()];
        for (var symbol : source.symbols()) {
            slots[symbol.slot()] = symbol.name().equals("s0") ? s0 : s1;
        }
        var check = source.indexChecks().newCheck();
        check.prepare(slots);
        return check;
    }

    @Test
    void elementsThatAreCompared() {
        assertUnderstood("0 to 9", SIMPLE);
        assertTrue(accepts(SIMPLE, 4, 1, 0, 9, 5, 3));
        assertFalse(accepts(SIMPLE, 4, 1, 0, 10, 5, 3));
        assertFalse(accepts(SIMPLE, 4, 1, 0, 9, 5, -1));
        assertTrue(accepts(SIMPLE, 3, 1, 0, 9, 5, -1), "only three are read");
        assertTrue(accepts(SIMPLE, 0, 1));
        for (long extreme : new long[] {Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, -1L << 32}) {
            assertFalse(accepts(SIMPLE, 4, 1, 0, extreme, 5, 3));
        }
    }

    @Test
    void indicesThatCountFromTheEnd() {
        String body =
                LOOP
                        + "{"
                        + LOAD
                        + """
                        auto tmp1 = 10L;
                        auto tmp3 = c10::convert<int64_t>(tmp1);
                        auto tmp4 = int64_t(tmp0 + tmp3);
                        auto tmp5 = tmp0 < 0;
                        auto tmp2 = tmp5 ? tmp4 : tmp0;
                        """
                        + CHECK
                        + "}";
        assertUnderstood("-10 to 9", body);
        assertTrue(accepts(body, 2, 1, -10, 9));
        assertFalse(accepts(body, 2, 1, -11, 9));
        assertFalse(accepts(body, 2, 1, -10, 10));
        // Another size than the bound: two ranges, which is not understood.
        assertLeft(Origin.COMPUTED, kernel(body.replace("tmp1 = 10L", "tmp1 = 9L")), CALL);
    }

    @Test
    void boundsThatAreSizes() {
        String body = SIMPLE.replace("tmp2 < 10L)", "tmp2 < ks1)");
        assertEquals(List.of("0 to s0*s1 - 1"), ranges(body));
        assertTrue(accepts(body, 2, 3, 0, 5));
        assertFalse(accepts(body, 2, 3, 0, 6));
        assertFalse(accepts(body, 2, 0, 0, 0), "nothing to look up");
    }

    @Test
    void sumsOfAnElementAndANumber() {
        String body =
                LOOP
                        + "{"
                        + LOAD
                        + "auto tmp1 = static_cast<int64_t>(3); auto tmp2 = int64_t(tmp0 + tmp1);"
                        + CHECK
                        + "}";
        assertUnderstood("-3 to 6", body);
        assertFalse(accepts(body, 1, 1, Long.MAX_VALUE), "the sum is negative");
    }

    @Test
    void partsOfAnInput() {
        // ids[:, 2] of rows of five, expanded.
        String body =
                LOOP
                        + "{ for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(3L);"
                        + " x1+=static_cast<int64_t>(1L)) {"
                        + "auto tmp2 = in_ptr0[static_cast<int64_t>(2L + 5L*x0)];"
                        + CHECK
                        + "}}";
        assertUnderstood("0 to 9", body);
        assertTrue(accepts(body, 2, 1, 99, 99, 9, 99, 99, 99, 99, 0, 99, 99));
        assertFalse(accepts(body, 2, 1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0));
    }

    @Test
    void vectorsAndTheirRest() {
        String vector =
                """
                for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(ks0); x0+=static_cast<int64_t>(4L))
                {
                  if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(4L*(c10::div_floor_integer(static_cast<int64_t>(ks0), static_cast<int64_t>(4L))))))
                  {
                    auto tmp0 = at::vec::VectorizedN<int64_t,2>::loadu(in_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(4));
                    auto tmp1 =
                    [&]
                    {
                        __at_align__ std::array<int64_t, 4> tmpbuf;
                        tmp0.store(tmpbuf.data(), static_cast<int64_t>(4));
                        return tmpbuf;
                    }
                    ()
                    ;
                    auto tmp2 =
                    [&]
                    {
                        __at_align__ std::array<int64_t, 4> tmpbuf;
                        #pragma GCC unroll 4
                        for (long x0_inner = 0; x0_inner < static_cast<int64_t>(4); x0_inner++)
                        {
                            tmpbuf[x0_inner] = static_cast<int64_t>(tmp1[x0_inner]);
                        }
                        return at::vec::VectorizedN<int64_t,2>::loadu(tmpbuf.data(), static_cast<int64_t>(4));
                    }
                    ()
                    ;
                    AOTI_TORCH_CHECK((at::vec::VecMask<int64_t,2>((at::vec::VectorizedN<int64_t,2>(0) <= tmp2) & (tmp2 < at::vec::VectorizedN<int64_t,2>(10L)))).all_masked(), "index out of bounds: 0 <= tmp2 < 10L");
                  }
                  if(C10_UNLIKELY(x0 >= static_cast<int64_t>(4L*(c10::div_floor_integer(static_cast<int64_t>(ks0), static_cast<int64_t>(4L)))) && x0 < static_cast<int64_t>(ks0)))
                  {
                    auto tmp2 = at::vec::VectorizedN<int64_t,2>::loadu(in_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(ks0 + (-4L)*(c10::div_floor_integer(static_cast<int64_t>(ks0), static_cast<int64_t>(4L)))));
                    AOTI_TORCH_CHECK((at::vec::VecMask<int64_t,2>::set(at::vec::VecMask<int64_t,2>::from(1), (at::vec::VecMask<int64_t,2>((at::vec::VectorizedN<int64_t,2>(0) <= tmp2) & (tmp2 < at::vec::VectorizedN<int64_t,2>(10L)))), static_cast<int64_t>(ks0 + (-4L)*(c10::div_floor_integer(static_cast<int64_t>(ks0), static_cast<int64_t>(4L)))))).all_masked(), "index out of bounds: 0 <= tmp2 < 10L");
                  }
                }
                """;
        assertUnderstood("0 to 9", vector);
        for (int size = 0; size < 13; size++) {
            for (int bad = 0; bad < size; bad++) {
                long[] elements = new long[size + 3];
                java.util.Arrays.fill(elements, size, elements.length, 99);
                assertTrue(accepts(vector, size, 1, elements), "behind the end nothing is read");
                elements[bad] = 10;
                assertFalse(accepts(vector, size, 1, elements), bad + " of " + size);
            }
        }
        // The rest's check leaves the last lane out.
        String other = vector.replace("static_cast<int64_t>(4L)))))).all", "1)))).all");
        assertFalse(other.equals(vector));
        assertEquals(1, checks(kernel(other), CALL).unchecked().size());
    }

    @Test
    void positionsThatDependOnSizesOnly() {
        String body =
                LOOP
                        + "{ auto tmp1 = x0; auto tmp2 = c10::convert<int64_t>(tmp1);"
                        + " AOTI_TORCH_CHECK(tmp2 < 24L, \"index out of bounds: tmp2 < 24L\"); }";
        assertTrue(prepared(body, 24, 1).isPrepared());
        var e = assertThrows(InvalidInputException.class, () -> prepared(body, 25, 1));
        assertTrue(e.getMessage().contains("positions from 0 to 24"), e::getMessage);
        assertTrue(e.getMessage().contains("at most 23"), e::getMessage);
    }

    @Test
    void checksThatAlwaysHold() {
        String clamped =
                LOOP
                        + "{"
                        + LOAD
                        + "auto tmp1 = static_cast<int64_t>(0); auto tmp3 = max_propagate_nan(tmp0,"
                        + " tmp1);auto tmp4 = static_cast<int64_t>(9); auto tmp2 ="
                        + " min_propagate_nan(tmp3, tmp4);"
                        + CHECK
                        + "}";
        assertEquals(IndexChecks.NONE, checks(kernel(clamped), CALL));
        String looser = clamped.replace("(9)", "(10)");
        assertEquals(1, checks(kernel(looser), CALL).unchecked().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "if (x0 > 3) {%s}",
                "if(C10_LIKELY(x0 > 3)) {%s}",
                "while (x0 > 3) {%s}",
                "if (x0 > 3) {} else {%s}",
                "auto tmp9 = [&] {%s return tmp2; }();",
                "for (auto i : list) {%s}",
                "break; %s",
                "#pragma omp critical\n if (x0 > 3) continue; %s"
            })
    void checksThatAreNotReachedForAll(String around) {
        String inner = SIMPLE.substring(LOOP.length() + 1, SIMPLE.length() - 1);
        String body = LOOP + "{" + around.formatted(inner) + "}";
        assertLeft(Origin.COMPUTED, kernel(body), CALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "auto tmp2 = tmp0 * 2;",
                "auto tmp2 = c10::convert<int32_t>(tmp0);",
                "auto tmp2 = c10::convert<float>(tmp0);",
                "auto tmp2 = tmp7;",
                "auto tmp2 = tmp0; tmp2 = tmp2 / 2;",
                "auto tmp2 = tmp0; tmp2 += 5;",
                "int64_t tmp2 = tmp0;",
                "auto tmp2 = out_ptr0[static_cast<int64_t>(x0)];",
                "auto tmp2 = in_ptr0[static_cast<int64_t>(x0 % 2)];",
                "auto tmp2 = in_ptr0[static_cast<int64_t>(tmp0)];",
                "auto tmp2 = in_ptr0[static_cast<int64_t>(x9)];"
            })
    void valuesThatAreNotUnderstood(String definition) {
        assertLeft(Origin.COMPUTED, kernel(LOOP + "{" + LOAD + definition + CHECK + "}"), CALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "((0 <= tmp2) & (tmp2 < 10L)) | ~(tmp3)",
                "(0 <= tmp2) | (tmp2 < 10L)",
                "(0 <= tmp2) & (tmp1 < 10L)",
                "(0 < tmp2) & (tmp2 < 10L)",
                "(0 <= tmp2) & (tmp2 <= 10L)",
                "(0 <= tmp2) & (tmp2 < x0)",
                "tmp2"
            })
    void conditionsThatAreNotUnderstood(String condition) {
        String text = CHECK.replace("(0 <= tmp2) & (tmp2 < 10L)", condition);
        assertLeft(
                Origin.COMPUTED,
                kernel(LOOP + "{" + LOAD + "auto tmp1 = x0; auto tmp2 = tmp0;" + text + "}"),
                CALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "if (s0 > 3) { %s }",
                "if (s0 > 3) %s",
                "while (s0 > 3) { %s }",
                "auto f = [&] { %s };",
                "if (s0 > 3) return; %s",
                "arg0_1 = std::move(buf7); %s",
                "aoti_torch_fill_(arg0_1, 3); %s",
                "other((int64_t*)(arg0_1.data_ptr())); %s",
                "auto buf1 = reinterpret_tensor_wrapper(arg0_1, 1); %s"
            })
    void callsThatMayNotSeeWhatTheCallerGave(String around) {
        assertLeft(Origin.COMPUTED, kernel(SIMPLE), around.formatted(CALL));
    }

    @Test
    void callsThatDo() {
        for (String around :
                List.of(
                        "{ %s }",
                        "other((const int64_t*)(arg0_1.data_ptr())); %s",
                        "if (check()) { assert_size_stride(arg0_1, {s0, s1}, {s1, 1L}, \"input\");"
                                + " } %s",
                        "{ RECORD(x); { %s } }",
                        "if (s0 > 3) { other(s0); } %s arg0_1.reset();",
                        "%s aoti_torch_fill_(arg0_1, 3);",
                        "kernels.%s")) {
            var found = checks(kernel(SIMPLE), around.formatted(CALL));
            assertEquals(1, found.ranges().size(), around);
            assertEquals(List.of(), found.unchecked(), around);
        }
    }

    @Test
    void otherPointersThanInputs() {
        assertLeft(Origin.COMPUTED, kernel(SIMPLE), call("buf3", "arg1_1"));
        assertLeft(Origin.CONSTANT, kernel(SIMPLE), call("table", "arg1_1"));
        assertLeft(Origin.COMPUTED, kernel(SIMPLE));
        String found = "auto tmp2 = in_ptr1[static_cast<int64_t>(tmp0)];";
        assertLeft(
                Origin.CONSTANT,
                kernel(LOOP + "{" + LOAD + found + CHECK + "}"),
                call("arg0_1", "table"));
        // Written to by the very kernel.
        assertLeft(
                Origin.COMPUTED,
                kernel(SIMPLE),
                CALL.replace("(float*)(buf0", "(int64_t*)(arg0_1"));
    }

    @Test
    void othersThatPointToNarrowNumbers() {
        for (String type : List.of("int32_t", "int16_t", "int8_t", "uint8_t")) {
            var found = checks(kernel("const " + type, SIMPLE), CALL);
            assertEquals("0 to 9", found.rangesOf(0).getFirst().text());
        }
        assertLeft(Origin.COMPUTED, kernel("const uint64_t", SIMPLE), CALL);
        assertLeft(Origin.COMPUTED, kernel("int64_t", SIMPLE), CALL);
    }

    @Test
    void saysWhichChecksEndTheProcess() {
        String check = LOOP + "{" + CHECK + "}";
        assertTrue(checks(kernel(check), CALL).unchecked().getFirst().endsProcess());
        String serial = kernel(check).replace("#pragma omp parallel num_threads(2)", "");
        assertFalse(checks(serial, CALL).unchecked().getFirst().endsProcess());
    }

    @Test
    void sayingWhatIsWrongWithWhich() {
        var check = prepared(SIMPLE, 6, 1);
        var elements = MemorySegment.ofArray(new long[] {0, 1, 2, 3, 4, 99999});
        var e = check.refusal(0, "input 0 \"ids\"", elements, new long[] {2, 3}, new long[] {3, 1});
        assertEquals(
                "input 0 \"ids\" has 99999 at [1, 2], but the model takes 0 to 9", e.getMessage());
        var transposed = check.refusal(0, "ids", elements, new long[] {3, 2}, new long[] {1, 3});
        assertTrue(transposed.getMessage().contains("at [2, 1]"), transposed::getMessage);
    }

    @Test
    void memoryThatIsSmallerThanTheSourceSays() {
        assertTrue(accepts(SIMPLE, Long.MAX_VALUE, 1, 99));
        assertTrue(accepts(SIMPLE.replace("(x0)]", "(x0 + (-1L))]"), 2, 1, 99, 99));
    }
}
