package io.github.aoti4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

/** Sizes and times, read from the command line and printed. */
final class Quantities {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT]?)(IB|B)?");
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})([mhdw])");

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Quantities() {}

    /** Formats a size in the largest unit of which there is at least one; "? B" if negative. */
    static String format(long bytes) {
        if (bytes < 0) {
            return "? B";
        }
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** Returns, for example, {@code 1 thread} or {@code 2 threads}. */
    static String count(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    /** {@code 500M}. */
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            var form = SIZE.matcher(value.toUpperCase(Locale.ROOT));
            if (!form.matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is not a size; write for example 500M or 20G");
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
        @Override
        public Duration convert(String value) {
            var form = TIME.matcher(value);
            if (!form.matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is not a time; write for example 45m, 12h, 30d or 4w");
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
