package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.Compiler;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Our declarations of PyTorch's functions, structs and constants are PyTorch's own. The compiler
 * says so: a function declared again with another type is an error.
 *
 * <p>Needs PyTorch's headers, 2.10 or later ({@code -Daoti.torch.include=DIR}, {@code
 * AOTI_TORCH_INCLUDE}, or those beside the torch that {@code python3} finds), and a C++ compiler.
 */
class HeaderTypesTest {
    private static final int OLDEST_MINOR = 10;

    private static Compiler compiler;
    private static Path torchInclude;
    private static int torchMinor;

    /** A copy of our headers, for a test to alter. */
    @TempDir Path headers;

    @BeforeAll
    static void findCompilerAndPyTorch() throws IOException, InterruptedException {
        compiler =
                Compiler.cpp20()
                        .orElseGet(() -> abort("no C++ compiler (g++, c++, clang++) on the PATH"));
        torchInclude = torchInclude();
        var version = torchInclude.resolve("torch/headeronly/version.h");
        if (!Files.isRegularFile(version)) {
            abort("no PyTorch headers of version 2.10 or later in " + torchInclude);
        }
        var minor =
                Pattern.compile("#define TORCH_VERSION_MINOR (\\d+)")
                        .matcher(Files.readString(version));
        assertTrue(minor.find(), () -> "no TORCH_VERSION_MINOR in " + version);
        torchMinor = Integer.parseInt(minor.group(1));
        if (torchMinor < OLDEST_MINOR) {
            abort("PyTorch 2." + torchMinor + " in " + torchInclude + " is older than 2.10");
        }
    }

    @BeforeEach
    void copyHeaders() throws IOException {
        try (var files = Files.newDirectoryStream(Checkout.headers(), "*.h")) {
            for (var file : files) {
                Files.copy(file, headers.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void declarationsAreThoseOfPyTorch() throws IOException, InterruptedException {
        var verdict = compareWithPyTorch();

        assertTrue(verdict.accepted(), verdict::messages);
    }

    @Test
    void namesAFunctionOfLibtorchWithAnotherType() throws IOException, InterruptedException {
        alter("aoti_torch.h", "int64_t *ret_dim)", "int32_t *ret_dim)");

        assertRefusedNaming("aoti_torch_get_dim");
    }

    @Test
    void namesAFunctionOfTheModelWithAnotherType() throws IOException, InterruptedException {
        alter("aoti_model.h", "uint64_t *ret_size);\ntypedef", "int64_t *ret_size);\ntypedef");

        assertRefusedNaming("AOTInductorModelContainerGetConstantsBlobSize");
    }

    @Test
    void namesAFunctionOfCudaWithAnotherType() throws IOException, InterruptedException {
        alter("aoti_torch_cuda.h", "uint64_t num_bytes", "uint32_t num_bytes");

        assertRefusedNaming("aoti_torch_cuda_caching_allocator_raw_alloc");
    }

    @Test
    void namesAFunctionThatPyTorchDoesNotHave() throws IOException, InterruptedException {
        alter("aoti_torch.h", "aoti_torch_get_numel(", "aoti_torch_get_nunel(");

        assertRefusedNaming("aoti_torch_get_nunel");
    }

    @Test
    void namesAFieldAtAnotherPlace() throws IOException, InterruptedException {
        alter("aoti_types.h", "const char *name;\n", "");
        alter(
                "aoti_types.h",
                "AtenTensorHandle handle;\n",
                "AtenTensorHandle handle;\n    const char *name;\n");

        assertRefusedNaming("AOTInductorConstantMapEntry.handle");
    }

    @Test
    void namesAConstantWithAnotherValue() throws IOException, InterruptedException {
        alter("aoti_types.h", "AOTI_RUNTIME_FAILURE 1", "AOTI_RUNTIME_FAILURE 2");

        assertRefusedNaming("AOTI_RUNTIME_FAILURE");
    }

    private void alter(String header, String text, String replacement) throws IOException {
        var file = headers.resolve(header);
        var before = Files.readString(file);
        assertTrue(before.contains(text), () -> header + " has no \"" + text + '"');
        Files.writeString(file, before.replace(text, replacement));
    }

    private void assertRefusedNaming(String name) throws IOException, InterruptedException {
        var verdict = compareWithPyTorch();

        assertFalse(verdict.accepted(), "the compiler accepted the altered header");
        assertTrue(verdict.messages().contains(name), verdict::messages);
    }

    private Compiler.Verdict compareWithPyTorch() throws IOException, InterruptedException {
        var source = headers.resolve("compare.cpp");
        Files.writeString(source, comparison());
        return compiler.check(
                source, "-isystem", torchInclude.toString(), "-I", headers.toString());
    }

    /** C++ that compiles only if our headers say what PyTorch's say. */
    private String comparison() throws IOException {
        var text = new StringBuilder();
        text.append(
                """
                #define USE_CUDA 1
                #include <torch/csrc/inductor/aoti_runtime/interface.h>
                #include <torch/csrc/inductor/aoti_torch/c/shim.h>
                #include <torch/csrc/stable/c/shim.h>

                #include <stdbool.h>
                #include <stddef.h>
                #include <stdint.h>
                #include <type_traits>

                // PyTorch has these functions: ours have not been seen yet.
                """);
        for (var header : new String[] {"aoti_model.h", "aoti_torch.h", "aoti_torch_cuda.h"}) {
            CHeader.read(headers.resolve(header))
                    .functions()
                    .forEach(
                            (name, since) -> {
                                assertTrue(since >= OLDEST_MINOR, () -> name + " has no since");
                                if (since <= torchMinor) {
                                    text.append(
                                            "static_assert(sizeof(&%s) > 0);\n".formatted(name));
                                }
                            });
        }
        text.append(
                """

                // Our structs as types of their own, beside PyTorch's.
                namespace aoti4j {
                #include "aoti_types.h"
                }
                #define SAME_PLACE(type, field)                                                   \\
                    static_assert(offsetof(type, field) == offsetof(aoti4j::type, field)          \\
                                          && sizeof(type::field) == sizeof(aoti4j::type::field),  \\
                                  #type "." #field)
                #define SAME_FIELD(type, field)                                                   \\
                    SAME_PLACE(type, field);                                                      \\
                    static_assert(std::is_same_v<decltype(type::field),                           \\
                                                 decltype(aoti4j::type::field)>, #type "." #field)
                #define SAME_SIZE(type) static_assert(sizeof(type) == sizeof(aoti4j::type), #type)

                SAME_SIZE(AOTInductorConstantMapEntry);
                SAME_FIELD(AOTInductorConstantMapEntry, name);
                SAME_PLACE(AOTInductorConstantMapEntry, handle);
                """);
        if (torchMinor >= 13) {
            text.append(
                    """
                    SAME_SIZE(AOTInductorArrayRefTensor);
                    SAME_FIELD(AOTInductorArrayRefTensor, data);
                    SAME_FIELD(AOTInductorArrayRefTensor, numel);
                    SAME_FIELD(AOTInductorArrayRefTensor, sizes);
                    SAME_FIELD(AOTInductorArrayRefTensor, strides);
                    SAME_FIELD(AOTInductorArrayRefTensor, ndim);
                    SAME_FIELD(AOTInductorArrayRefTensor, dtype);
                    SAME_FIELD(AOTInductorArrayRefTensor, device_type);
                    SAME_FIELD(AOTInductorArrayRefTensor, device_idx);
                    SAME_FIELD(AOTInductorArrayRefTensor, reserved);
                    """);
        }
        text.append(
                """

                // Our declarations again, of the same names: any other type is an error.
                #undef AOTI4J_AOTI_TYPES_H
                #define AOTI4J_WITHOUT_STRUCTS
                #include "aoti_model.h"
                #include "aoti_torch.h"
                #include "aoti_torch_cuda.h"
                """);
        if (torchMinor >= 13) {
            text.append(
                    """

                    #include <torch/csrc/inductor/aoti_runtime/constant_type.h>
                    static_assert(AOTI_CONSTANT_UNKNOWN == torch::aot_inductor::Unknown);
                    static_assert(AOTI_CONSTANT_PARAMETER == torch::aot_inductor::Parameter);
                    static_assert(AOTI_CONSTANT_BUFFER == torch::aot_inductor::Buffer);
                    static_assert(AOTI_CONSTANT_TENSOR == torch::aot_inductor::TensorConstant);
                    static_assert(AOTI_CONSTANT_FOLDED == torch::aot_inductor::FoldedConstant);
                    """);
        }
        return text.toString();
    }

    private static Path torchInclude() throws IOException, InterruptedException {
        var given = System.getProperty("aoti.torch.include", System.getenv("AOTI_TORCH_INCLUDE"));
        if (given != null) {
            return Path.of(given);
        }
        var python =
                Compiler.find("python3")
                        .orElseGet(
                                () ->
                                        abort(
                                                "no PyTorch headers: neither -Daoti.torch.include"
                                                        + " nor AOTI_TORCH_INCLUDE is set, and"
                                                        + " there is no python3 to ask"));
        // Finds torch without importing it, which would take seconds.
        var question =
                """
                from importlib.util import find_spec
                torch = find_spec("torch")
                print(torch.submodule_search_locations[0] if torch else "")
                """;
        var process =
                new ProcessBuilder(python.toString(), "-c", question)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        var answer = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        if (process.waitFor() != 0 || answer.isEmpty()) {
            abort("no PyTorch headers: " + python + " has no torch; set -Daoti.torch.include=DIR");
        }
        return Path.of(answer, "include");
    }
}
