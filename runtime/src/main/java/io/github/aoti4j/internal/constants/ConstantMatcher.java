package io.github.aoti4j.internal.constants;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.Names;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.System.Logger.Level;
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
public final class ConstantMatcher {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private final String model;
    private final List<RequiredConstant> needs;
    private final boolean allowUnknown;
    private final List<String> problems = new ArrayList<>();

    /**
     * Makes a matcher for one use.
     *
     * @param allowUnknown whether names that the model does not have are a warning, not an error
     */
    public ConstantMatcher(String model, List<RequiredConstant> needs, boolean allowUnknown) {
        this.model = model;
        this.needs = needs;
        this.allowUnknown = allowUnknown;
    }

    /**
     * A constant and the tensor that fits it.
     *
     * @param source the index of the source that has them
     * @param borrowed whether the memory is the caller's, and has to be copied
     */
    public record Match(RequiredConstant need, StoredTensor tensor, int source, boolean borrowed) {}

    /**
     * Matches by FQN; the first source that has a name counts.
     *
     * @param present FQNs that need not be found, since they have values already; asked for only if
     *     one is not found
     * @param named how many sources, the first ones, the caller has named: the model must have
     *     their names, and one of them must bring something in any case
     * @return the matches by FQN, in the constants' order
     * @throws IncompatibleModelException listing all that is missing, unknown or does not fit
     */
    public Map<String, Match> match(
            List<ConstantSource> sources, Supplier<Set<String>> present, int named) {
        Map<String, Match> matches = new LinkedHashMap<>();
        List<String> absent = new ArrayList<>();
        List<ConstantSource> ofPackage = sources.subList(named, sources.size());
        for (RequiredConstant need : needs) {
            Optional<Match> match = find(laidOut(need, ofPackage), sources);
            if (match.isPresent()) {
                check(match.get());
                matches.put(need.fqn(), match.get());
            } else {
                absent.add(need.fqn());
            }
        }
        List<String> missing = absent.isEmpty() ? absent : without(absent, present.get());
        if (!missing.isEmpty()) {
            problems.add("missing: " + Names.list(missing, Names::shown));
            problems.add(
                    "the package does not hold these; name the files that do:"
                            + " ModelOptions.weights, or --weights on the command line");
        }
        List<ConstantSource> ofCaller = sources.subList(0, named);
        UnknownNames unknown = new UnknownNames(ofCaller, needs);
        boolean useless = named > 0 && !needs.isEmpty() && bringNothing(named, matches);
        if (!unknown.isEmpty() && !(allowUnknown && !useless)) {
            addUnknown(unknown, absentIn(ofCaller), useless);
        } else if (useless && missing.isEmpty()) {
            problems.add(noneFits(ofCaller));
        }
        if (!problems.isEmpty()) {
            throw new IncompatibleModelException(
                    "the weights%s do not fit model %s:%n  %s"
                            .formatted(
                                    from(sources),
                                    model,
                                    String.join("%n  ".formatted(), problems)));
        }
        if (!unknown.isEmpty()) {
            warn(unknown, absentIn(ofCaller));
        }
        return matches;
    }

    private void addUnknown(UnknownNames unknown, List<String> absent, boolean useless) {
        problems.addAll(unknown.lines());
        problems.addAll(unknown.hints(absent));
        problems.add(
                useless
                        ? "none of the names is one of the model's, such as "
                                + Names.shown(needs.getFirst().fqn())
                        : "to pass over names that the model does not have, with a warning:"
                                + " ModelOptions.allowUnknownWeights, or --allow-unknown on the"
                                + " command line");
    }

    private String noneFits(List<ConstantSource> sources) {
        return "none of the names in %s is one of the model's, such as %s"
                .formatted(labels(sources), Names.shown(needs.getFirst().fqn()));
    }

    private void warn(UnknownNames unknown, List<String> absent) {
        List<String> lines = new ArrayList<>(unknown.lines());
        lines.addAll(unknown.hints(absent));
        LOG.log(
                Level.WARNING,
                "model %s: the weights that it does not have are passed over:%n  %s"
                        .formatted(model, String.join("%n  ".formatted(), lines)));
    }

    /** What the caller's sources leave to others. */
    private List<String> absentIn(List<ConstantSource> sources) {
        List<String> absent = new ArrayList<>();
        for (RequiredConstant need : needs) {
            if (sources.stream().allMatch(source -> source.find(need.fqn()).isEmpty())) {
                absent.add(need.fqn());
            }
        }
        return absent;
    }

    private static boolean bringNothing(int named, Map<String, Match> matches) {
        return matches.values().stream().noneMatch(match -> match.source() < named);
    }

    private static List<String> without(List<String> names, Set<String> present) {
        return names.stream().filter(name -> !present.contains(name)).toList();
    }

    /** A package's own weights lie as the code expects them, also where its source is missing. */
    private static RequiredConstant laidOut(RequiredConstant need, List<ConstantSource> ofPackage) {
        if (!need.isLaidOut()) {
            for (ConstantSource source : ofPackage) {
                Optional<StoredTensor> tensor = source.find(need.fqn());
                if (tensor.isPresent()) {
                    return need.with(
                            RequiredConstant.STRIDED, tensor.get().shape(), tensor.get().strides());
                }
            }
        }
        return need;
    }

    private static Optional<Match> find(RequiredConstant need, List<ConstantSource> sources) {
        for (int i = 0; i < sources.size(); i++) {
            Optional<StoredTensor> tensor = sources.get(i).find(need.fqn());
            if (tensor.isPresent()) {
                return Optional.of(new Match(need, tensor.get(), i, sources.get(i).isBorrowed()));
            }
        }
        return Optional.empty();
    }

    private void check(Match match) {
        RequiredConstant need = match.need();
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

    private static String from(List<ConstantSource> sources) {
        return sources.isEmpty() ? "" : " in " + labels(sources);
    }

    private static String labels(List<ConstantSource> sources) {
        return sources.stream().map(ConstantSource::label).collect(Collectors.joining(", "));
    }
}
