package io.github.aoti4j.internal.constants;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.zip.ZipFile;

class ReadOnlyConstantsTest {
    private static final String DECLARED =
            """
            void AOTInductorModel::run_impl() {
                [[maybe_unused]] auto& w = constants_->at(0);
                [[maybe_unused]] auto& b = constants_->at(1);
            """;

    /** A model in which {@code b} is read, and {@code w} is used so. */
    private static Set<Integer> find(String use) {
        return ReadOnlyConstants.find(
                DECLARED + "cpp_fused_0((const float*)(b.data_ptr()));\n" + use + "\n}\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cpp_fused_1((const float*)(w.data_ptr()), (float*)(buf0.data_ptr()));",
                "cpp_fused_1((const at::BFloat16*)(w.data_ptr()));",
                "cpp_fused_1((const std::complex<float>*)(w.data_ptr()));",
                "CHECK(aoti_torch_cpu_mm_out(buf1, arg0_1, w));",
                "CHECK(aoti_torch_cpu_mm_out(buf1, w, arg0_1));",
                "CHECK(aoti_torch_cpu_bmm_out(buf1, std::move(buf0), w));",
                "CHECK(aoti_torch_cpu_addmm_out(buf1, w, arg0_1, b2, 1L, 1L));",
                "CHECK(aoti_torch_cpu_mm_out(buf1, buf0,"
                        + " wrap_with_raii_handle_if_needed(reinterpret_tensor_wrapper(w, 2, a, b2,"
                        + " 0L))));",
                "aoti_torch_clone(w, &output_handles[0]);",
                "// w.data_ptr() in a comment",
                "this->name = \"w\";"
            })
    void knowsWhatOnlyReads(String use) {
        assertEquals(Set.of(0, 1), find(use));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cpp_fused_1((float*)(w.data_ptr()));",
                "cpp_fused_1((const float*)(w.data_ptr()), (float*)(w.data_ptr()));",
                "cpp_fused_1((const float* const*)(w.data_ptr()));",
                "cpp_fused_1((const float**)(w.data_ptr()));",
                "cpp_fused_1(w.data_ptr());",
                "cpp_fused_1((const float*)(other), w.data_ptr());",
                "CHECK(aoti_torch_cpu_mm_out(w, buf0, arg0_1));",
                "CHECK(aoti_torch_cpu_mm_out(wrap_with_raii_handle_if_needed("
                        + "reinterpret_tensor_wrapper(w, 2, a, c, 0L)), buf0, arg0_1));",
                "CHECK(aoti_torch_cpu_add_(w, buf0));",
                "CHECK(aoti_torch_copy_(w, buf0, 0));",
                "CHECK(aoti_torch_cpu_view_as_real(w, &buf1_handle));",
                "CHECK(aoti_torch_cpu_mm_out(buf1, f(w), arg0_1));",
                "auto var_0 = wrap_with_raii_handle_if_needed("
                        + "reinterpret_tensor_wrapper(w, 2, a, c, 0L));",
                "auto& alias = w;",
                "output_handles[0] = w.release();",
                "output_handles[0] = constants_->at(0);",
                "aoti_torch_new_tensor_handle(w, &output_handles[0]);",
                "subgraph(output, {w, b2});",
                "(const float*)(w.data_ptr()), w = std::move(buf0);"
            })
    void takesEverythingElseForAWrite(String use) {
        assertEquals(Set.of(1), find(use));
    }

    @Test
    void knowsNothingWhereConstantsAreReachedInAnotherWay() {
        assertEquals(Set.of(), find("for (auto& c : *constants_) touch(c);"));
        assertEquals(Set.of(), find("auto copy = constants_;"));
        assertEquals(Set.of(), find("constants_->at(i);"));
        assertEquals(Set.of(), ReadOnlyConstants.find("int main() { return 0; }"));
        assertEquals(Set.of(), ReadOnlyConstants.find(""));
    }

    @Test
    void looksAtEveryFunction() {
        String folding = DECLARED + "cpp_fused_0((float*)(w.data_ptr()));\n}\n";
        assertEquals(Set.of(1), ReadOnlyConstants.find(folding + DECLARED + "}\n"));
        assertEquals(Set.of(1), ReadOnlyConstants.find(DECLARED + "}\n" + folding));
    }

    @Test
    void trustsNoNameThatStandsForTwoConstants() {
        String other = "auto& w = constants_->at(2);\n";
        assertEquals(Set.of(1), ReadOnlyConstants.find(DECLARED + "}\n" + other));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "several/all_disk|/m/|[0, 1, 2]",
                "several/all_disk|/m2/|[0, 1]",
                "several/all_disk|/m/part/|[0]",
                "weights_mlp/disk|/model/|[0, 1, 2, 3, 4, 5, 6]",
                "mutated_buffer/blob|/model/|[0]",
                "returns_weight/blob|/model/|[]"
            })
    void readsWhatPyTorchWrote(String fixture, String model, String indices) throws IOException {
        var path = Path.of("src/test/fixtures", fixture + ".pt2");
        try (var zip = new ZipFile(path.toFile())) {
            var source =
                    Collections.list(zip.entries()).stream()
                            .filter(e -> e.getName().matches(".*/aotinductor" + model + "[^/]*"))
                            .filter(e -> e.getName().endsWith(".wrapper.cpp"))
                            .findFirst()
                            .orElseThrow();
            String text =
                    new String(zip.getInputStream(source).readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(
                    indices, ReadOnlyConstants.find(text).stream().sorted().toList().toString());
        }
    }
}
