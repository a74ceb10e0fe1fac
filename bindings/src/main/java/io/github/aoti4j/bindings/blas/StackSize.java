package io.github.aoti4j.bindings.blas;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The value of {@code OMP_STACKSIZE}. */
final class StackSize {
    private static final Pattern SIZE = Pattern.compile("\\s*(\\d{1,12})\\s*([bkmg]?)\\s*");

    private StackSize() {}

    /** Returns the number of bytes; 0 if it cannot be known. */
    static long parse(String value) {
        Matcher matcher = SIZE.matcher(value.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return 0;
        }
        int shift =
                switch (matcher.group(2)) {
                    case "b" -> 0;
                    case "m" -> 20;
                    case "g" -> 30;
                    default -> 10;
                };
        return Long.parseLong(matcher.group(1)) << shift;
    }
}
