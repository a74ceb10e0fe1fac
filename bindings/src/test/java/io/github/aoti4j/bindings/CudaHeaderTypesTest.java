package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.Compiler;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Our declarations of CUDA's runtime and driver are NVIDIA's own, as {@link HeaderTypesTest} has it
 * for PyTorch.
 *
 * <p>Needs CUDA's headers ({@code -Daoti.cuda.include=DIR}, {@code include} in {@code CUDA_HOME},
 * or that of {@code /usr/local/cuda}; the pip package {@code nvidia-cuda-runtime} has them), and a
 * C++ compiler.
 */
class CudaHeaderTypesTest {
    private static final String RUNTIME = "cuda_runtime_api.h";

    private static Compiler compiler;
    private static Path include;

    @TempDir Path folder;

    @BeforeAll
    static void findCompilerAndCuda() {
        compiler =
                Compiler.cpp20()
                        .orElseGet(() -> abort("no C++ compiler (g++, c++, clang++) on the PATH"));
        include = include();
        if (!Files.isRegularFile(include.resolve(RUNTIME))) {
            abort("no " + RUNTIME + " in " + include + "; set -Daoti.cuda.include=DIR");
        }
    }

    @Test
    void declarationsAreThoseOfCuda() throws IOException, InterruptedException {
        var verdict = compareWithCuda(ours("cuda_runtime.h"), ours("cuda_driver.h"));

        assertTrue(verdict.accepted(), verdict::messages);
    }

    @Test
    void namesAFunctionWithAnotherType() throws IOException, InterruptedException {
        assertRefusedNaming(
                "cudaGraphInstantiateWithFlags", "unsigned long long flags", "unsigned int flags");
    }

    @Test
    void namesAFunctionOfTheDriverWithAnotherType() throws IOException, InterruptedException {
        assertRefusedNaming("cuDeviceGetName", "int length", "long length");
    }

    @Test
    void namesAFunctionThatCudaDoesNotHave() throws IOException, InterruptedException {
        assertRefusedNaming("cudaStreamQuerry", " cudaStreamQuery(", " cudaStreamQuerry(");
    }

    @Test
    void namesAConstantWithAnotherValue() throws IOException, InterruptedException {
        assertRefusedNaming(
                "cudaErrorNotReady", "cudaErrorNotReady = 600", "cudaErrorNotReady = 6");
    }

    @Test
    void namesAMacroWithAnotherValue() throws IOException, InterruptedException {
        assertRefusedNaming(
                "cudaEventDisableTiming",
                "cudaEventDisableTiming 0x02",
                "cudaEventDisableTiming 0x01");
    }

    private static String ours(String header) throws IOException {
        return Files.readString(Checkout.headers().resolve(header));
    }

    private void assertRefusedNaming(String name, String text, String replacement)
            throws IOException, InterruptedException {
        var runtime = ours("cuda_runtime.h");
        var driver = ours("cuda_driver.h");
        assertTrue((runtime + driver).contains(text), () -> "no header has \"" + text + '"');

        var verdict =
                compareWithCuda(
                        runtime.replace(text, replacement), driver.replace(text, replacement));

        assertFalse(verdict.accepted(), "the compiler accepted the altered header");
        assertTrue(verdict.messages().contains(name), verdict::messages);
    }

    private Compiler.Verdict compareWithCuda(String runtime, String driver)
            throws IOException, InterruptedException {
        Files.copy(Checkout.headers().resolve("aoti_types.h"), folder.resolve("aoti_types.h"));
        Files.writeString(folder.resolve("cuda_runtime.h"), runtime);
        Files.writeString(folder.resolve("cuda_driver.h"), driver);
        writeHostDefines();
        var source = folder.resolve("compare.cpp");
        Files.writeString(source, comparison());
        return compiler.check(
                source,
                "-isystem",
                include.toString(),
                "-I",
                folder.toString(),
                "-idirafter",
                folder.resolve("annotations").toString());
    }

    /**
     * The one header that pip's package lacks defines annotations, which mean nothing to a host.
     */
    private void writeHostDefines() throws IOException {
        var file = folder.resolve("annotations/crt/host_defines.h");
        Files.createDirectories(file.getParent());
        var text = new StringBuilder();
        for (var annotation :
                List.of(
                        "__host__",
                        "__device__",
                        "__device_builtin__",
                        "__cudart_builtin__",
                        "__device_builtin_texture_type__",
                        "__device_builtin_surface_type__",
                        "CUDARTAPI",
                        "CUDARTAPI_CDECL",
                        "CUDART_CB")) {
            text.append("#define %s\n".formatted(annotation));
        }
        text.append("#define __builtin_align__(n) __attribute__((aligned(n)))\n");
        text.append("#define __align__(n) __attribute__((aligned(n)))\n");
        Files.writeString(file, text);
    }

    /** C++ that compiles only if our header says what CUDA's headers say. */
    private String comparison() throws IOException {
        var text = new StringBuilder("#include <cuda_runtime_api.h>\n#include <cuda.h>\n");
        var enumerators = new ArrayList<String>();
        for (var header : List.of("cuda_runtime.h", "cuda_driver.h")) {
            var ours = CHeader.read(folder.resolve(header));
            for (var function : ours.functions().keySet()) {
                text.append("static_assert(sizeof(&%s) > 0);\n".formatted(function));
            }
            for (var macro : ours.constants().entrySet()) {
                text.append(
                        "static_assert(%1$s == %2$s);\n#undef %1$s\n"
                                .formatted(macro.getKey(), macro.getValue()));
            }
            enumerators.addAll(ours.enumerators());
        }
        text.append(
                """
                #include "aoti_types.h"

                // Our types as types of their own, beside CUDA's.
                namespace aoti4j {
                #include "cuda_driver.h"
                #include "cuda_runtime.h"
                }
                #define SAME_CONSTANT(name) static_assert(int(name) == int(aoti4j::name), #name)
                """);
        for (var constant : enumerators) {
            text.append("SAME_CONSTANT(%s);\n".formatted(constant));
        }
        text.append(
                """
                #define SAME_FIELD(field)                                                        \\
                    static_assert(offsetof(cudaPointerAttributes, field)                         \\
                                          == offsetof(aoti4j::cudaPointerAttributes, field)      \\
                                  && sizeof(cudaPointerAttributes::field)                        \\
                                          == sizeof(aoti4j::cudaPointerAttributes::field), #field)
                SAME_FIELD(type);
                SAME_FIELD(device);
                SAME_FIELD(devicePointer);
                SAME_FIELD(hostPointer);
                static_assert(sizeof(cudaPointerAttributes)
                              <= sizeof(aoti4j::cudaPointerAttributes));

                // Our declarations again, of the same names: any other type is an error.
                #undef AOTI4J_CUDA_DRIVER_H
                #undef AOTI4J_CUDA_RUNTIME_H
                #define AOTI4J_WITHOUT_CUDA_TYPES
                #include "cuda_driver.h"
                #include "cuda_runtime.h"
                """);
        return text.toString();
    }

    private static Path include() {
        var given = System.getProperty("aoti.cuda.include");
        if (given != null) {
            return Path.of(given);
        }
        return Path.of(System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda"), "include");
    }
}
