package io.github.aoti4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/** Sizes and times on the command line. */
final class Quantities {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT]?)(IB|B)?");
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})([mhdw])");

    private Quantities() {}

    /** {@code 500M}. */
    static final class Bytes implements ITypeConverter<Long> {
        /** Made by picocli. */
        Bytes() {}

        @Override
        public Long convert(String value) {
            var form = SIZE.matcher(value.toUpperCase(Locale.ROOT));
            if (!form.matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is no size; write for example 500M or 20G");
            }
            int unit = form.group(2).isEmpty() ? 0 : "KMGT".indexOf(form.group(2)) + 1;
            try {
                return Math.multiplyExact(Long.parseLong(form.group(1)), 1L << (10 * unit));
            } catch (ArithmeticException e) {
                throw new TypeConversionException("'" + value + "' is too large");
            }
        }
    }

    /** {@code 30d}. */
    static final class Age implements ITypeConverter<Duration> {
        /** Made by picocli. */
        Age() {}

        @Override
        public Duration convert(String value) {
            var form = TIME.matcher(value);
            if (!form.matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is no time; write for example 45m, 12h, 30d or 4w");
            }
            long number = Long.parseLong(form.group(1));
            return switch (form.group(2)) {
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> Duration.ofDays(7 * number);
            };
        }
    }
}
