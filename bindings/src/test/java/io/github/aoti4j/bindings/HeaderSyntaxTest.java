package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.Compiler;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Our headers are plain C11, and what they say of the C library is so. Needs a C compiler. */
class HeaderSyntaxTest {
    private static Compiler compiler;

    @TempDir Path folder;

    @BeforeAll
    static void findCompiler() {
        compiler =
                Compiler.c11().orElseGet(() -> abort("no C compiler (gcc, cc, clang) on the PATH"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aoti_types.h",
                "aoti_model.h",
                "aoti_torch.h",
                "aoti_torch_cuda.h",
                "cuda_driver.h",
                "cuda_runtime.h",
                "libc.h"
            })
    void headerIsPlainC11(String header) throws IOException, InterruptedException {
        var verdict = compiler.check(Checkout.headers().resolve(header));

        assertTrue(verdict.accepted(), verdict::messages);
    }

    @Test
    void pointerTypeThatIsNotItsFunctionsIsRefused() throws IOException, InterruptedException {
        Files.copy(Checkout.headers().resolve("aoti_types.h"), folder.resolve("aoti_types.h"));
        var model = Files.readString(Checkout.headers().resolve("aoti_model.h"));
        var altered = folder.resolve("aoti_model.h");
        Files.writeString(altered, model.replaceFirst("(Delete_fn\\)\\(\\s*)\\w+", "$1int"));

        var verdict = compiler.check(altered);

        assertFalse(verdict.accepted());
        assertTrue(
                verdict.messages().contains("AOTInductorModelContainerDelete_fn"),
                verdict::messages);
    }

    @Test
    void libcIsThatOfTheSystem() throws IOException, InterruptedException {
        assumeLinuxOnX64();

        var verdict = compareWithSystem(Checkout.headers().resolve("libc.h"));

        assertTrue(verdict.accepted(), verdict::messages);
    }

    @Test
    void namesALibcConstantWithAnotherValue() throws IOException, InterruptedException {
        assumeLinuxOnX64();
        var libc = Files.readString(Checkout.headers().resolve("libc.h"));
        var altered = folder.resolve("libc.h");
        Files.writeString(altered, libc.replace("O_CLOEXEC 02000000", "O_CLOEXEC 04000000"));

        var verdict = compareWithSystem(altered);

        assertFalse(verdict.accepted());
        assertTrue(verdict.messages().contains("O_CLOEXEC"), verdict::messages);
    }

    @Test
    void namesALibcFunctionWithAnotherType() throws IOException, InterruptedException {
        assumeLinuxOnX64();
        var libc = Files.readString(Checkout.headers().resolve("libc.h"));
        var altered = folder.resolve("libc.h");
        Files.writeString(altered, libc.replace("int64_t offset", "int32_t offset"));

        var verdict = compareWithSystem(altered);

        assertFalse(verdict.accepted());
        assertTrue(verdict.messages().contains("mmap"), verdict::messages);
    }

    private static void assumeLinuxOnX64() {
        assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && System.getProperty("os.arch").equals("amd64"),
                "libc.h speaks of Linux on x86-64");
    }

    private Compiler.Verdict compareWithSystem(Path libc) throws IOException, InterruptedException {
        var source = folder.resolve("compare.c");
        Files.writeString(source, comparison(libc));
        return compiler.check(source);
    }

    /** C that compiles only if the header says what the system's headers say. */
    private static String comparison(Path libc) throws IOException {
        var declared = CHeader.read(libc);
        var before = new StringBuilder();
        var after = new StringBuilder();
        for (var function : declared.functions().keySet()) {
            before.append("_Static_assert(sizeof(&%1$s) > 0, \"%1$s\");\n".formatted(function));
        }
        for (var constant : declared.constants().entrySet()) {
            // The system's headers may be older than a constant.
            before.append(
                    """
                    #ifdef %1$s
                    enum { system_%1$s = %1$s };
                    #undef %1$s
                    #else
                    enum { system_%1$s = %2$s };
                    #endif
                    """
                            .formatted(constant.getKey(), constant.getValue()));
            after.append(
                    "_Static_assert(%1$s == system_%1$s, \"%1$s\");\n"
                            .formatted(constant.getKey()));
        }
        return """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>
        %s
        #include "%s"
        %s
        """
                .formatted(before, libc, after);
    }
}
