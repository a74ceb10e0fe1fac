package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.libtorch.LibTorch;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.nio.file.Path;

/** {@code --engine} and {@code --libtorch}. */
final class EngineOptions {
    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            converter = Converter.class,
            description =
                    "What answers the functions of PyTorch that the model calls: built-in (Java),"
                            + " libtorch, or auto: built-in where it has all that the model needs."
                            + " Default: -Daoti.engine, or auto.")
    private Engine engine;

    @Option(
            names = "--libtorch",
            paramLabel = "DIR",
            description =
                    "The folder that holds libtorch_cpu.so. Default: -Daoti.libtorch or"
                            + " AOTI_LIBTORCH, then the embedded one.")
    private Path directory;

    static final class Converter implements ITypeConverter<Engine> {
        @Override
        public Engine convert(String value) {
            try {
                return Engine.of(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    ModelOptions apply(ModelOptions options) {
        ModelOptions changed = engine == null ? options : options.engine(engine);
        return directory == null ? changed : changed.libtorch(directory);
    }

    /** Names the engine that a model runs on, for people. */
    static String describe(Model model) {
        return switch (model.engine()) {
            case BUILT_IN -> "built-in, without libtorch";
            case LIBTORCH, AUTO -> LibTorch.load().toString();
        };
    }
}
