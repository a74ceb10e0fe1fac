package io.github.aoti4j.cli;

import io.github.aoti4j.ModelOptions;

import picocli.CommandLine.Option;

import java.nio.file.Path;

/** The compiler and headers for packages that hold source only. */
final class CompileOptions {
    @Option(
            names = "--compiler",
            paramLabel = "CXX",
            description =
                    "The C++ compiler for a package of source only. Default: -Daoti.compiler, CXX,"
                            + " then g++, c++ or clang++ on the PATH.")
    private Path compiler;

    @Option(
            names = "--include",
            paramLabel = "DIR",
            description =
                    "The folder of PyTorch's C++ headers, which holds torch/csrc. Default:"
                            + " -Daoti.include, AOTI_INCLUDE, then include beside libtorch.")
    private Path includes;

    ModelOptions apply(ModelOptions options) {
        ModelOptions compiling = compiler == null ? options : options.compiler(compiler);
        return includes == null ? compiling : compiling.includes(includes);
    }
}
