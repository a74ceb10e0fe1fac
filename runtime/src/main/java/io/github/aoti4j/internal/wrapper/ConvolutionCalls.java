package io.github.aoti4j.internal.wrapper;

/** The convolutions that a generated source calls. */
public final class ConvolutionCalls {
    private static final String CALL = "aoti_torch_cpu_convolution(";

    private ConvolutionCalls() {}

    /** Returns whether one has several groups: its last argument but one, as a literal. */
    public static boolean haveGroups(String source) {
        for (int at = source.indexOf(CALL); at >= 0; at = source.indexOf(CALL, at + 1)) {
            int end = end(source, at + CALL.length());
            int last = source.lastIndexOf(',', end);
            int before = source.lastIndexOf(',', last - 1);
            if (at < before && before < last) {
                String groups = source.substring(before + 1, last).strip();
                if (groups.matches("\\d{1,9}L?") && !groups.matches("1L?")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns where a call's last parenthesis is, or the end of the source. */
    private static int end(String source, int from) {
        int depth = 1;
        for (int i = from; i < source.length(); i++) {
            char c = source.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return source.length();
    }
}
