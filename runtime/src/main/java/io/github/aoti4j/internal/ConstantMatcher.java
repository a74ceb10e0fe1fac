package io.github.aoti4j.internal;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.weights.StoredTensor;
import io.github.aoti4j.weights.TensorSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Finds each constant's values in the sources, and lists all that does not fit before anything is
 * attached.
 */
final class ConstantMatcher {
    private static final int MAX_LISTED = 20;

    private final String model;
    private final List<ConstantNeed> needs;
    private final List<String> problems = new ArrayList<>();

    ConstantMatcher(String model, List<ConstantNeed> needs) {
        this.model = model;
        this.needs = needs;
    }

    /**
     * A constant and the tensor that fits it.
     *
     * @param need the constant
     * @param tensor its values
     * @param source the index of the source that has them
     */
    record Match(ConstantNeed need, StoredTensor tensor, int source) {}

    /**
     * Matches by FQN; the first source that has a name counts.
     *
     * @param sources where to look
     * @param present FQNs that need not be found, since they have values already; asked for only if
     *     one is not found
     * @param named how many sources, the first ones, the caller has named: one of them has to bring
     *     something, or the names in them are of another form
     * @param strict whether these may only have names that the model has
     * @return the matches by FQN, in the constants' order
     * @throws IncompatibleModelException listing all that is missing, unexpected or does not fit
     */
    Map<String, Match> match(
            List<TensorSource> sources, Supplier<Set<String>> present, int named, boolean strict) {
        Map<String, Match> matches = new LinkedHashMap<>();
        List<String> absent = new ArrayList<>();
        for (ConstantNeed need : needs) {
            Optional<Match> match = find(need, sources);
            if (match.isPresent()) {
                check(match.get());
                matches.put(need.fqn(), match.get());
            } else {
                absent.add(need.fqn());
            }
        }
        List<String> missing = absent.isEmpty() ? absent : without(absent, present.get());
        if (!missing.isEmpty()) {
            problems.add("missing: " + listed(missing));
            problems.add(
                    "the package does not hold these; name the files that do:"
                            + " ModelOptions.weights, or --weights on the command line");
        }
        if (strict) {
            checkUnexpected(sources.subList(0, named));
        } else if (missing.isEmpty() && bringNothing(named, matches)) {
            problems.add(
                    "none of the names in %s is one of the model's, such as %s"
                            .formatted(paths(sources.subList(0, named)), needs.getFirst().fqn()));
        }
        if (!problems.isEmpty()) {
            throw new IncompatibleModelException(
                    "the weights%s do not fit model %s:%n  %s"
                            .formatted(
                                    from(sources),
                                    model,
                                    String.join("%n  ".formatted(), problems)));
        }
        return matches;
    }

    private boolean bringNothing(int named, Map<String, Match> matches) {
        if (named == 0 || needs.isEmpty()) {
            return false;
        }
        for (Match match : matches.values()) {
            if (match.source() < named) {
                return false;
            }
        }
        return true;
    }

    private static List<String> without(List<String> names, Set<String> present) {
        return names.stream().filter(name -> !present.contains(name)).toList();
    }

    private static Optional<Match> find(ConstantNeed need, List<TensorSource> sources) {
        for (int i = 0; i < sources.size(); i++) {
            Optional<StoredTensor> tensor = sources.get(i).find(need.fqn());
            if (tensor.isPresent()) {
                return Optional.of(new Match(need, tensor.get(), i));
            }
        }
        return Optional.empty();
    }

    private void check(Match match) {
        ConstantNeed need = match.need();
        StoredTensor tensor = match.tensor();
        if (need.dtype().isEmpty() || need.dtype().get() != tensor.dtype()) {
            problem(
                    match,
                    "must be %s, but is %s"
                            .formatted(
                                    need.dtype().map(DType::torchName).orElse("of another type"),
                                    tensor.dtype().torchName()));
            return;
        }
        if (!need.isStrided()) {
            problem(match, "is packed for a library, and cannot be replaced");
            return;
        }
        if (need.shape() != null) {
            if (!Arrays.equals(need.shape(), tensor.shape())) {
                problem(
                        match,
                        "must have shape %s, but has %s"
                                .formatted(
                                        Shapes.toString(need.shape()),
                                        Shapes.toString(tensor.shape())));
            }
            return;
        }
        // Without the source only the size can be compared.
        long bytes = Shapes.elementCount(tensor.shape()) * tensor.dtype().byteSize();
        if (bytes > need.dataSize()) {
            problem(
                    match,
                    "must have at most %d bytes, but has %d".formatted(need.dataSize(), bytes));
        }
    }

    private void problem(Match match, String problem) {
        problems.add(
                "%s %s (%s)".formatted(match.need().fqn(), problem, match.tensor().location()));
    }

    private void checkUnexpected(List<TensorSource> sources) {
        Set<String> known = needs.stream().map(ConstantNeed::fqn).collect(Collectors.toSet());
        for (TensorSource source : sources) {
            List<String> unexpected =
                    source.names().stream().filter(name -> !known.contains(name)).toList();
            if (!unexpected.isEmpty()) {
                problems.add("unexpected in " + source.path() + ": " + listed(unexpected));
            }
        }
    }

    private static String from(List<TensorSource> sources) {
        return sources.isEmpty() ? "" : " in " + paths(sources);
    }

    private static String paths(List<TensorSource> sources) {
        return sources.stream()
                .map(source -> source.path().toString())
                .collect(Collectors.joining(", "));
    }

    private static String listed(List<String> names) {
        String text = names.stream().limit(MAX_LISTED).collect(Collectors.joining(", "));
        return names.size() > MAX_LISTED
                ? text + " and " + (names.size() - MAX_LISTED) + " more"
                : text;
    }
}
