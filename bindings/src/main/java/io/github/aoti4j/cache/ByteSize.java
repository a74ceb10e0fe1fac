package io.github.aoti4j.cache;

import java.util.Locale;
import java.util.regex.Pattern;

/** Sizes in bytes as users write them. */
public final class ByteSize {
    private static final String UNITS = "KMGT";
    private static final Pattern FORM = Pattern.compile("(\\d{1,15})([KMGT]?)(iB|B)?");

    private ByteSize() {}

    /**
     * Parses a size such as {@code 4096}, {@code 500M}, {@code 4G} or {@code 4GiB}; units are
     * powers of 1024.
     *
     * @throws IllegalArgumentException if it is not of this form, or 8 EiB or more
     */
    public static long parse(String text) {
        var form = FORM.matcher(text.strip().toUpperCase(Locale.ROOT).replace("IB", "iB"));
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "\"%s\" is no size in bytes; write for example 500M or 4G".formatted(text));
        }
        int shift = form.group(2).isEmpty() ? 0 : 10 * (UNITS.indexOf(form.group(2)) + 1);
        long number = Long.parseLong(form.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("\"%s\" is too large".formatted(text));
        }
        return number << shift;
    }
}
