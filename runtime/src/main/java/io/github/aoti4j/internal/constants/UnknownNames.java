package io.github.aoti4j.internal.constants;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.Names;
import io.github.aoti4j.weights.StoredTensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names in weight files that a model does not have. Their values do not reach the model: it
 * would answer with others, so that they are an error unless the caller allows them.
 *
 * <p>Two kinds are left out, since nothing is lost with them: a second name of memory whose first
 * name the model has ({@code torch.save} keeps both names of tied weights), and the number of
 * batches that BatchNorm has seen, which only training reads.
 */
final class UnknownNames {
    /** Longer vectors stay constants: {@code GraphLowering.can_inline_constant}. */
    private static final int MAX_INLINED = 8;

    private static final String BATCH_COUNTER = "num_batches_tracked";

    /** Names of files from strangers may be long, and have any number of dots. */
    private static final int MAX_NAME_LENGTH = 1000;

    private static final int MAX_PREFIX_PARTS = 8;

    private static final int PARAMETER = 1;

    private final List<RequiredConstant> needs;
    private final Set<String> known = new HashSet<>();

    /** What each source has that is unknown; sources that have none are left out. */
    private final List<Unknown> found = new ArrayList<>();

    private record Unknown(ConstantSource source, List<String> names) {}

    /** Two tensors of one source that have the same place are the same weight. */
    private record Place(long address, Form form, List<Long> strides) {
        static Place of(StoredTensor tensor) {
            return new Place(tensor.segment().address(), Form.of(tensor), list(tensor.strides()));
        }
    }

    private record Form(DType dtype, List<Long> shape) {
        static Form of(StoredTensor tensor) {
            return new Form(tensor.dtype(), list(tensor.shape()));
        }

        static Form of(RequiredConstant need) {
            return new Form(need.dtype().orElseThrow(), list(need.shape()));
        }
    }

    /**
     * Looks for unknown names.
     *
     * @param sources those that the caller has named
     */
    UnknownNames(List<ConstantSource> sources, List<RequiredConstant> needs) {
        this.needs = needs;
        needs.forEach(need -> known.add(need.fqn()));
        for (ConstantSource source : sources) {
            List<String> names = unknownOf(source);
            if (!names.isEmpty()) {
                found.add(new Unknown(source, names));
            }
        }
    }

    private List<String> unknownOf(ConstantSource source) {
        List<String> unknown = new ArrayList<>();
        for (String name : source.names()) {
            if (!known.contains(name) && !isBatchCounter(name)) {
                unknown.add(name);
            }
        }
        if (unknown.isEmpty()) {
            return unknown;
        }
        Set<Place> places = new HashSet<>();
        for (String name : known) {
            source.find(name).ifPresent(tensor -> places.add(Place.of(tensor)));
        }
        unknown.removeIf(name -> places.contains(Place.of(source.find(name).orElseThrow())));
        return unknown;
    }

    private static List<Long> list(long[] numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    private static boolean isBatchCounter(String name) {
        return name.equals(BATCH_COUNTER) || name.endsWith("." + BATCH_COUNTER);
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** Lists them: a line for each source. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (Unknown unknown : found) {
            int count = unknown.names.size();
            lines.add(
                    "%s: %d name%s that the model does not have: %s"
                            .formatted(
                                    unknown.source.label(),
                                    count,
                                    count == 1 ? "" : "s",
                                    Names.list(unknown.names, name -> described(unknown, name))));
        }
        return lines;
    }

    private static String described(Unknown unknown, String name) {
        StoredTensor tensor = unknown.source.find(name).orElseThrow();
        return "%s (%s %s)"
                .formatted(
                        Names.shown(name),
                        tensor.dtype().torchName(),
                        Shapes.toString(tensor.shape()));
    }

    /** Says why a name may be missing; a line for each reason that is possible here. */
    List<String> hints(List<String> absent) {
        List<String> hints = new ArrayList<>();
        addPrefix(absent, hints);
        if (hints.isEmpty()) {
            addTied(absent, hints);
            addInlined(hints);
        }
        return hints;
    }

    /** PyTorch writes small constants into the code; a model that has one was told not to. */
    private void addInlined(List<String> hints) {
        for (RequiredConstant need : needs) {
            if (need.type() == PARAMETER && need.shape() != null && isSmall(need.shape())) {
                return;
            }
        }
        List<String> small = new ArrayList<>();
        for (Unknown unknown : found) {
            for (String name : unknown.names) {
                if (isSmall(unknown.source.find(name).orElseThrow().shape())) {
                    small.add(name);
                }
            }
        }
        if (!small.isEmpty()) {
            hints.add(
                    "PyTorch writes constants of up to eight elements into the code (inlining),"
                            + " where no file can replace them: probably "
                            + Names.list(small, Names::shown)
                            + ". Export with \"always_keep_tensor_constants\": True in"
                            + " inductor_configs to keep them replaceable");
        }
    }

    private static boolean isSmall(long[] shape) {
        return shape.length == 0 || (shape.length == 1 && shape[0] <= MAX_INLINED);
    }

    /** Safetensors files hold one name of tied weights, and it may be another than the model's. */
    private void addTied(List<String> absent, List<String> hints) {
        Map<Form, List<String>> byForm = new HashMap<>();
        for (Unknown unknown : found) {
            for (String name : unknown.names) {
                StoredTensor tensor = unknown.source.find(name).orElseThrow();
                byForm.computeIfAbsent(Form.of(tensor), _ -> new ArrayList<>()).add(name);
            }
        }
        Set<String> wanted = new HashSet<>(absent);
        for (RequiredConstant need : needs) {
            List<String> alike =
                    wanted.contains(need.fqn()) && need.dtype().isPresent() && need.shape() != null
                            ? byForm.getOrDefault(Form.of(need), List.of())
                            : List.of();
            if (alike.size() == 1 && !isSmall(need.shape())) {
                hints.add(
                        "%s, which the files do not have, has the dtype and shape of %s: if these are tied weights, save them as %1$s"
                                .formatted(Names.shown(need.fqn()), Names.shown(alike.getFirst())));
            }
        }
    }

    /** Training wrappers put {@code module.}, {@code model.} or {@code _orig_mod.} in front. */
    private void addPrefix(List<String> absent, List<String> hints) {
        for (Unknown unknown : found) {
            String ofFile = commonPrefix(unknown.names, absent);
            if (ofFile != null) {
                hints.add(
                        "the names in %s begin with \"%s\", and the model's do not: remove it, {name.removeprefix(\"%2$s\"): t for name, t in state_dict.items()}"
                                .formatted(unknown.source.label(), ofFile));
                continue;
            }
            String ofModel = commonPrefix(absent, unknown.names);
            if (ofModel != null) {
                hints.add(
                        "the model's names begin with \"%s\", and those in %s do not: put it in front of them"
                                .formatted(ofModel, unknown.source.label()));
            }
        }
    }

    /** What stands in front of most of some names, if the rest of them is among others; or null. */
    private static String commonPrefix(List<String> names, List<String> others) {
        Set<String> rest = new HashSet<>(others);
        Map<String, Integer> counts = new HashMap<>();
        for (String name : names) {
            int parts = 0;
            int dot = name.length() > MAX_NAME_LENGTH ? -1 : name.indexOf('.');
            while (dot >= 0 && parts++ < MAX_PREFIX_PARTS) {
                if (rest.contains(name.substring(dot + 1))) {
                    counts.merge(name.substring(0, dot + 1), 1, Integer::sum);
                }
                dot = name.indexOf('.', dot + 1);
            }
        }
        int least = Math.min(names.size(), others.size());
        return counts.entrySet().stream()
                .filter(entry -> 2 * entry.getValue() >= least)
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
