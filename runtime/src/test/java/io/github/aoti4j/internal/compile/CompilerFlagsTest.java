package io.github.aoti4j.internal.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;

class CompilerFlagsTest {
    private static final Path PACKAGE = Path.of("m.pt2");

    private static CompilerFlags parse(String json) {
        return CompilerFlags.parse(json, PACKAGE, "x_compile_flags.json");
    }

    private static String refusal(String json) {
        return assertThrows(PackageException.class, () -> parse(json)).getMessage();
    }

    @Test
    void takesWhatPyTorchWrites() {
        try (var archive = Pt2Archive.open(Path.of("src/test/fixtures/source_only/in_so.pt2"))) {
            var source = ModelSource.read(archive, archive.model("model"));

            assertEquals("g++", source.compile().compiler());
            assertEquals(
                    List.of(
                            "-DTORCH_INDUCTOR_CPP_WRAPPER",
                            "-DSTANDALONE_TORCH_HEADER",
                            "-DTORCH_INDUCTOR_PRECOMPILE_HEADERS",
                            "-DC10_USING_CUSTOM_GENERATED_MACROS",
                            "-DCPU_CAPABILITY_AVX2",
                            "-O3",
                            "-DNDEBUG"),
                    source.compile().arguments().subList(0, 7));
            assertTrue(
                    source.compile()
                            .arguments()
                            .containsAll(
                                    List.of(
                                            "-march=x86-64-v3",
                                            "-ffp-contract=off",
                                            "-std=c++20",
                                            "-fopenmp",
                                            "-mavx2")),
                    source.toString());
            assertTrue(source.link().arguments().contains("-shared"));
            assertEquals(List.of("torch", "torch_cpu", "gomp"), source.link().libraries());
        }
    }

    @Test
    void leavesFoldersOut() {
        var flags =
                parse(
                        """
                        {"include_dirs": ["/etc"], "libraries_dirs": ["/etc"], "cflags": ["O2"]}
                        """);

        assertEquals(List.of("-O2"), flags.arguments());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "o/tmp/x",
                "o x",
                "-output=x",
                "Bfolder",
                "B/tmp",
                "I/etc",
                "L/etc",
                "isystem /etc",
                "include /etc/passwd",
                "imacros x",
                "specs=x",
                "-specs=x",
                "wrapper x",
                "Xlinker x",
                "Xclang -load",
                "Xassembler x",
                "Wl,-plugin,x",
                "Wl,--script=x",
                "Wl,-rpath,/tmp",
                "Wl,-z,interpose",
                "Wa,-a=x",
                "Wp,-MD,x",
                "MD",
                "MF x",
                "save-temps",
                "fplugin=x",
                "fplugin-arg-x-y=z",
                "fpass-plugin=x",
                "fdump-tree-all",
                "fdump-tree-all=x",
                "fprofile-use=x",
                "fprofile-generate",
                "fauto-profile",
                "fsave-optimization-record",
                "fopt-info",
                "fmodules-ts",
                "fmodule-mapper=x",
                "fuse-ld=x",
                "foffload=x",
                "ftime-trace",
                "ftest-coverage",
                "fstack-usage",
                "fdiagnostics-format=sarif-file",
                "fvisibility=/etc",
                "mllvm",
                "gsplit-dwarf",
                "E",
                "S",
                "x c",
                "dumpbase x",
                "aux-info x",
                "nostdinc",
                "sysroot=/x",
                "-sysroot=/x",
                "O3;touch x",
                "O3 $(x)",
                "O3 `x`",
                "O3 @x",
                "DX=\\\"x\\\"",
                "DX=/etc/passwd"
            })
    void refusesWhatDoesMoreThanGenerateCode(String flag) {
        assertTrue(refusal("{\"cflags\": [\"%s\"]}".formatted(flag)).contains("the compiler flag"));
        assertTrue(
                refusal("{\"ldflags\": [\"%s\"]}".formatted(flag)).contains("the compiler flag"));
        assertTrue(
                refusal("{\"passthrough_args\": [\"-O2 -%s\"]}".formatted(flag))
                        .contains("the compiler flag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"@file", "/etc/passwd", "file.o", "-", "--", "a.cpp -O3", "-O3\\u0000"})
    void refusesWhatIsNoFlag(String words) {
        assertTrue(
                refusal("{\"passthrough_args\": [\"%s\"]}".formatted(words))
                        .contains("the compiler flag"));
    }

    @Test
    void refusesDefinitionsThatAreMore() {
        for (String bad : List.of("X -o y", "X=\\\"/etc\\\"", "", "-DX", "X(y)=z", "X=/etc")) {
            refusal("{\"definitions\": [\"%s\"]}".formatted(bad));
        }
        assertEquals(
                List.of("-DA", "-DB=1"), parse("{\"definitions\": [\" A\", \"B=1\"]}").arguments());
    }

    @Test
    void refusesLibrariesThatModelsDoNotNeed() {
        assertEquals(
                "m.pt2: entry x_compile_flags.json asks for the compiler flag \"-l:x.a\", which is"
                        + " not among those that only say how code is generated; package the model"
                        + " again without it",
                refusal("{\"libraries\": [\":x.a\"]}"));
        refusal("{\"libraries\": [\"../../x\"]}");
        refusal("{\"libraries\": [\"evil\"]}");
    }

    @Test
    void refusesWhatIsNoFlagsFile() {
        for (String bad : List.of("", "[]", "3", "{\"cflags\": \"O3\"}", "{\"cflags\": [3]}")) {
            refusal(bad);
        }
    }

    @Test
    void terminalCommandsInFlagsAreNotPassedOn() {
        String message = refusal("{\"cflags\": [\"\\u001b[2Jx\"]}");

        assertTrue(message.contains("-?[2Jx"), message);
    }

    @Test
    void flagsOfCodeGenerationPass() {
        for (String good :
                List.of(
                        "Ofast",
                        "O0",
                        "g1",
                        "march=native",
                        "mtune=native",
                        "mavx512vnni",
                        "mprefer-vector-width=256",
                        "ffast-math",
                        "fno-plugin-x",
                        "funroll-loops",
                        "fvisibility=hidden",
                        "fbracket-depth=512",
                        "Wno-unused-variable",
                        "Werror=ignored-optimization-argument",
                        "std=gnu++17",
                        "pedantic",
                        "static-libstdc++",
                        "Wl,--no-as-needed",
                        "pthread")) {
            assertEquals(
                    List.of("-" + good),
                    parse("{\"cflags\": [\"%s\"]}".formatted(good)).arguments());
        }
    }
}
