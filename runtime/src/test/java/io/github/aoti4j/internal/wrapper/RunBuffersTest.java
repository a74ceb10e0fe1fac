package io.github.aoti4j.internal.wrapper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.internal.memory.Sizes;

import org.junit.jupiter.api.Test;

class RunBuffersTest {
    private static final String ARRAYS =
            "static constexpr int64_t int_array_0[] = {10L, 10L};"
                    + "static constexpr int64_t int_array_1[] = {10L, 1L};";

    private static String empty(String name) {
        return empty(name, "float32");
    }

    private static String empty(String name, String dtype) {
        return ("AtenTensorHandle %1$s_handle;"
                        + "CHECK(aoti_torch_empty_strided(2, int_array_0, int_array_1,"
                        + " cached_torch_dtype_%2$s, cached_torch_device_type_cpu,"
                        + " this->device_idx_, &%1$s_handle));"
                        + "RAIIAtenTensorHandle %1$s(%1$s_handle);")
                .formatted(name, dtype);
    }

    private static RunBuffers.Bytes follow(String... statements) {
        String text =
                "AOTInductorModel() : AOTInductorModelBase(1, 1, 0, x) {"
                        + "inputs_info_[0].name = \"arg0_1\"; }\n"
                        + "void AOTInductorModel::run_impl(AtenTensorHandle* input_handles) {"
                        + "inputs.clear();"
                        + ARRAYS
                        + String.join("\n", statements)
                        + "} // AOTInductorModel::run_impl\n"
                        + empty("later");
        return RunBuffers.of(text, WrapperSource.parse(text).orElseThrow());
    }

    private static RunBuffers.Bytes bytes(long peak, long outputs) {
        return new RunBuffers.Bytes(peak, outputs);
    }

    @Test
    void countsWhatIsThereAtATime() {
        assertEquals(bytes(0, 0), follow());
        assertEquals(bytes(1200, 0), follow(empty("a"), empty("b", "float64")));
        assertEquals(bytes(800, 0), follow(empty("a"), empty("b"), "a.reset();", empty("c")));
        assertEquals(bytes(400, 0), follow(empty("a"), "a.reset(); a.reset();", empty("b")));
    }

    @Test
    void aMoveTakesNothing() {
        String moved = "auto b = std::move(a);  // reuse\n";
        assertEquals(bytes(400, 0), follow(empty("a"), moved, "b.reset();", empty("c")));
        assertEquals(bytes(800, 0), follow(empty("a"), moved, "a.reset();", empty("c")));
        assertEquals(
                bytes(800, 400),
                follow(empty("a"), moved, empty("c"), "output_handles[0] = b.release();"));
    }

    @Test
    void resultsOfOperatorsHaveTheSizesThatAreAsserted() {
        String call = "CHECK(aoti_torch_cpu_convolution(a, w, &b_handle));";
        String made = "RAIIAtenTensorHandle b(b_handle);";
        String size = "assert_size_stride(b, {5L, 5L}, {5L, 1L}, \"op\");";
        assertEquals(bytes(500, 0), follow(empty("a"), call, made, size));
        assertEquals(null, follow(empty("a"), call, made), "not asserted");
        assertEquals(null, follow(call, made, size), "of no known element type");
        String two = "CHECK(aoti_torch_cpu_attention(a, w, &b_handle, &c_handle));";
        assertEquals(bytes(500, 0), follow(empty("a"), two, made, size), "c is not used");
        assertEquals(null, follow(empty("a"), two, call.replace("b_h", "d_h"), made, size));
        String view = "CHECK(aoti_torch__reinterpret_tensor(a, 2, int_array_0, &b_handle));";
        assertEquals(bytes(400, 0), follow(empty("a"), view, made));
    }

    @Test
    void anOutputThatIsAViewCountsAsWhatItLooksAt() {
        String view =
                "auto var_0 = wrap_with_raii_handle_if_needed(reinterpret_tensor_wrapper(a, 2,"
                        + " int_array_0, int_array_1, 0L));"
                        + "output_handles[1] = var_0.release();";
        assertEquals(bytes(400, 400), follow(empty("a"), view));
        assertEquals(bytes(400, 400), follow(empty("a"), "output_handles[0] = a.release();", view));
        assertEquals(bytes(0, 0), follow(view), "of an input");
        assertEquals(null, follow(empty("a"), "aoti_torch_clone(w, &output_handles[0]);"));
    }

    @Test
    void whatIsNotKnownBeforeARunIsUnknown() {
        String array = "const int64_t int_array_0[] = {u0, 10L};";
        assertEquals(null, follow(array, empty("a")));
        assertEquals(bytes(400, 0), follow(empty("a"), array), "not used");
        assertEquals(null, follow(empty("a").replace("int_array_1", "other")));
        assertEquals(null, follow(empty("a").replace("float32", "float12")));
        assertEquals(null, follow(empty("a").replace("&", "")));
    }

    @Test
    void sizesBeyondAnyMemoryDoNotOverflow() {
        String array = "const int64_t int_array_0[] = {9223372036854775807L, 9L};";
        long most = Sizes.MOST;
        assertEquals(bytes(most, 0), follow(array, empty("a"), empty("b"), empty("c")));
        assertEquals(bytes(most, 0), follow(array.replace("9L}", "-9L}"), empty("a")));
    }
}
