package io.github.aoti4j.cli;

import io.github.aoti4j.ConstantInfo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The constants that lie in one place: a library, a blob, or a folder of weight files. */
record ConstantGroup(String place, List<ConstantInfo> constants) {
    private static final String OFFSET = ", offset ";
    private static final String WEIGHT_FILES = "/data/weights/";

    /** Groups a model's constants, in the order in which the places first appear. */
    static List<ConstantGroup> of(List<ConstantInfo> constants) {
        Map<String, List<ConstantInfo>> groups = new LinkedHashMap<>();
        for (ConstantInfo constant : constants) {
            groups.computeIfAbsent(place(constant.location()), _ -> new ArrayList<>())
                    .add(constant);
        }
        return groups.entrySet().stream()
                .map(group -> new ConstantGroup(group.getKey(), group.getValue()))
                .toList();
    }

    /** Cuts off the offset, and the name of a file that holds a single constant. */
    private static String place(String location) {
        int folder = location.lastIndexOf(WEIGHT_FILES);
        int offset = location.lastIndexOf(OFFSET);
        if (folder >= 0) {
            return location.substring(0, folder + WEIGHT_FILES.length() - 1);
        }
        return offset < 0 ? location : location.substring(0, offset);
    }

    String preposition() {
        return place.startsWith("not in ") || place.startsWith("computed ") ? " " : " in ";
    }

    /** Returns the rest of a constant's location; empty if the place is all that is known. */
    String within(ConstantInfo constant) {
        return constant.location().substring(place.length()).replaceFirst("^(, |/)", "");
    }

    long bytes() {
        return bytes(constants);
    }

    /** Returns the total size; constants of unknown size count as 0. */
    static long bytes(List<ConstantInfo> constants) {
        return constants.stream().mapToLong(constant -> Math.max(0, constant.bytes())).sum();
    }
}
