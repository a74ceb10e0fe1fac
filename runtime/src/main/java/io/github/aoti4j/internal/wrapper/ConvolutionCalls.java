package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.List;

/** The convolutions that a generated source calls. */
public final class ConvolutionCalls {
    private static final String CALL = "aoti_torch_cpu_convolution(";

    /** Batch and channels come before the sizes of an image. */
    private static final int FIRST_OF_IMAGE = 2;

    private static final int IMAGE_RANK = 4;

    /** Images with more elements in a channel are large. */
    private static final long LARGE = 512;

    private ConvolutionCalls() {}

    /** Returns whether a model calls convolutions, and takes images that are large or may be. */
    public static boolean areOfLargeImages(String source, List<InputSpec> inputs) {
        return source.contains(CALL) && inputs.stream().anyMatch(ConvolutionCalls::isLargeImage);
    }

    private static boolean isLargeImage(InputSpec input) {
        List<DimensionSpec> dimensions = input.dimensions();
        if (dimensions.size() < IMAGE_RANK) {
            return false;
        }
        long elements = 1;
        for (DimensionSpec dimension : dimensions.subList(FIRST_OF_IMAGE, dimensions.size())) {
            if (!(dimension.size() instanceof SizeExpression.Literal(long size))) {
                return true;
            }
            elements = Math.multiplyExact(elements, Math.min(size, LARGE + 1));
            elements = Math.min(elements, LARGE + 1);
        }
        return elements > LARGE;
    }

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
