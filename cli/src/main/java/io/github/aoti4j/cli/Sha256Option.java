package io.github.aoti4j.cli;

import io.github.aoti4j.ModelOptions;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --sha256}, which every command that opens a package has. */
final class Sha256Option {
    @Option(
            names = "--sha256",
            paramLabel = "HEX",
            converter = Hex.class,
            description =
                    "The SHA-256 that PKG must have, as sha256sum prints it. Checked before"
                            + " anything of the package is used. Default: any.")
    private String hex;

    ModelOptions apply(ModelOptions options) {
        return hex == null ? options : options.sha256(hex);
    }

    /** A malformed digest is wrong usage; one that differs from the package's is not. */
    static final class Hex implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            try {
                return ModelOptions.defaults().sha256(value).sha256().orElseThrow();
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
