package io.github.aoti4j.internal.constants;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.Names;
import io.github.aoti4j.weights.StoredTensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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

    /** What each source has that is unknown; sources that have none are left out. */
    private final Map<ConstantSource, List<String>> found = new LinkedHashMap<>();

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
    }

    /** Looks for unknown names in the sources that the caller has named. */
    UnknownNames(List<ConstantSource> sources, List<RequiredConstant> needs) {
        this.needs = needs;
        Set<String> known = new HashSet<>();
        for (RequiredConstant need : needs) {
            known.add(need.fqn());
        }
        for (ConstantSource source : sources) {
            List<String> unknown = new ArrayList<>(source.names());
            unknown.removeIf(name -> known.contains(name) || isBatchCounter(name));
            if (!unknown.isEmpty()) {
                Set<Place> places = new HashSet<>();
                known.forEach(name -> source.find(name).map(Place::of).ifPresent(places::add));
                unknown.removeIf(name -> places.contains(Place.of(tensor(source, name))));
            }
            if (!unknown.isEmpty()) {
                found.put(source, unknown);
            }
        }
    }

    private static StoredTensor tensor(ConstantSource source, String name) {
        return source.find(name).orElseThrow();
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

    /**
     * Lists them, a line for each source, and says why a name may be missing.
     *
     * @param absent what the sources leave to others
     */
    List<String> lines(List<String> absent) {
        List<String> lines = new ArrayList<>();
        found.forEach(
                (source, names) ->
                        lines.add(
                                "%s: %d name%s that the model does not have: %s"
                                        .formatted(
                                                source.label(),
                                                names.size(),
                                                names.size() == 1 ? "" : "s",
                                                Names.list(
                                                        names, name -> described(source, name)))));
        int count = lines.size();
        addPrefix(absent, lines);
        if (lines.size() == count) {
            addTied(absent, lines);
            addInlined(lines);
        }
        return lines;
    }

    private static String described(ConstantSource source, String name) {
        StoredTensor tensor = tensor(source, name);
        return "%s (%s %s)"
                .formatted(
                        Names.shown(name),
                        tensor.dtype().torchName(),
                        Shapes.toString(tensor.shape()));
    }

    /** PyTorch writes small constants into the code; a model that has one was told not to. */
    private void addInlined(List<String> hints) {
        if (needs.stream().anyMatch(need -> need.type() == PARAMETER && isSmall(need.shape()))) {
            return;
        }
        List<String> small = new ArrayList<>();
        found.forEach(
                (source, names) ->
                        names.stream()
                                .filter(name -> isSmall(tensor(source, name).shape()))
                                .forEach(small::add));
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
        return shape != null
                && (shape.length == 0 || (shape.length == 1 && shape[0] <= MAX_INLINED));
    }

    /** Safetensors files hold one name of tied weights, and it may be another than the model's. */
    private void addTied(List<String> absent, List<String> hints) {
        Map<Form, List<String>> byForm = new HashMap<>();
        found.forEach(
                (source, names) ->
                        names.forEach(
                                name ->
                                        byForm.computeIfAbsent(
                                                        Form.of(tensor(source, name)),
                                                        _ -> new ArrayList<>())
                                                .add(name)));
        Set<String> wanted = new HashSet<>(absent);
        for (RequiredConstant need : needs) {
            if (!wanted.contains(need.fqn())
                    || need.dtype().isEmpty()
                    || need.shape() == null
                    || isSmall(need.shape())) {
                continue;
            }
            Form form = new Form(need.dtype().get(), list(need.shape()));
            List<String> alike = byForm.getOrDefault(form, List.of());
            if (alike.size() == 1) {
                hints.add(
                        "%s, which the files do not have, has the dtype and shape of %s: if these are tied weights, save them as %1$s"
                                .formatted(Names.shown(need.fqn()), Names.shown(alike.getFirst())));
            }
        }
    }

    /** Training wrappers put {@code module.}, {@code model.} or {@code _orig_mod.} in front. */
    private void addPrefix(List<String> absent, List<String> hints) {
        found.forEach(
                (source, names) -> {
                    String ofFile = commonPrefix(names, absent);
                    String ofModel = ofFile == null ? commonPrefix(absent, names) : null;
                    if (ofFile != null) {
                        hints.add(
                                "the names in %s begin with \"%s\", and the model's do not: remove it, {name.removeprefix(\"%2$s\"): t for name, t in state_dict.items()}"
                                        .formatted(source.label(), ofFile));
                    } else if (ofModel != null) {
                        hints.add(
                                "the model's names begin with \"%s\", and those in %s do not: put it in front of them"
                                        .formatted(ofModel, source.label()));
                    }
                });
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
