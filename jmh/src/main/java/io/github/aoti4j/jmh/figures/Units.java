package io.github.aoti4j.jmh.figures;

import java.util.Locale;

/** Numbers as people read them. */
final class Units {
    private Units() {}

    /** With the unit that leaves one to three digits before the point. */
    static String time(double nanos) {
        if (nanos < 999.5) {
            return number(nanos) + " ns";
        }
        return nanos < 999_500 ? number(nanos / 1e3) + " µs" : number(nanos / 1e6) + " ms";
    }

    static String ratio(double ratio) {
        return ratio < 9.995 ? String.format(Locale.ROOT, "%.2f", ratio) : number(ratio);
    }

    /** Three digits, if they are not before the point. */
    private static String number(double value) {
        String format = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, format, value);
    }
}
