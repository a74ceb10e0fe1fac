package io.github.aoti4j.internal.constants;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.StridedCopy;
import io.github.aoti4j.internal.wrapper.Names;
import io.github.aoti4j.weights.StoredTensor;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private final String model;
    private final List<RequiredConstant> needs;
    private final boolean allowUnknown;
    private final List<String> problems = new ArrayList<>();

    /** Makes a matcher for one use. */
    ConstantMatcher(String model, List<RequiredConstant> needs, boolean allowUnknown) {
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
    record Match(RequiredConstant need, StoredTensor tensor, int source, boolean borrowed) {
        /** Returns the strides that the code was compiled for. */
        long[] strides() {
            return need.strides() == null
                    ? Shapes.contiguousStrides(tensor.shape())
                    : need.strides();
        }

        long bytes() {
            return Shapes.spanBytes(tensor.shape(), strides(), tensor.dtype().byteSize());
        }

        /** Returns whether the values can be used where they lie. */
        boolean liesAsExpected() {
            return !borrowed && Shapes.sameLayout(tensor.shape(), tensor.strides(), strides());
        }

        /** Copies the values into the layout that the code was compiled for. */
        MemorySegment copyTo(Arena arena) {
            MemorySegment copy = arena.allocate(bytes(), 64);
            StridedCopy.copy(
                    tensor.segment(),
                    tensor.shape(),
                    tensor.strides(),
                    tensor.dtype().byteSize(),
                    copy,
                    strides());
            return copy;
        }
    }

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
    Map<String, Match> match(
            List<ConstantSource> sources, Supplier<Set<String>> present, int named) {
        Map<String, Match> matches = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<ConstantSource> ofPackage = sources.subList(named, sources.size());
        for (RequiredConstant need : needs) {
            Optional<Match> match = find(laidOut(need, ofPackage), sources);
            if (match.isPresent()) {
                check(match.get());
                matches.put(need.fqn(), match.get());
            } else {
                missing.add(need.fqn());
            }
        }
        if (!missing.isEmpty()) {
            missing.removeAll(present.get());
        }
        if (!missing.isEmpty()) {
            problems.add("missing: " + Names.list(missing, Names::shown));
            problems.add(
                    "the package does not hold these; name the files that do:"
                            + " ModelOptions.weights, or --weights on the command line");
        }
        List<ConstantSource> ofCaller = sources.subList(0, named);
        UnknownNames unknown = new UnknownNames(ofCaller, needs);
        boolean useless =
                named > 0
                        && !needs.isEmpty()
                        && matches.values().stream().noneMatch(match -> match.source() < named);
        if (!unknown.isEmpty() && !(allowUnknown && !useless)) {
            problems.addAll(unknown.lines(absentIn(ofCaller)));
            problems.add(
                    useless
                            ? "none of the names is one of the model's, such as " + example()
                            : "to pass over names that the model does not have, with a warning:"
                                    + " ModelOptions.allowUnknownWeights, or --allow-unknown on the"
                                    + " command line");
        } else if (useless && missing.isEmpty()) {
            problems.add(
                    "none of the names in %s is one of the model's, such as %s"
                            .formatted(labels(ofCaller), example()));
        }
        if (!problems.isEmpty()) {
            throw new IncompatibleModelException(
                    "the weights%s do not fit model %s:%s"
                            .formatted(
                                    sources.isEmpty() ? "" : " in " + labels(sources),
                                    model,
                                    indented(problems)));
        }
        if (!unknown.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "model %s: the weights that it does not have are passed over:%s"
                            .formatted(model, indented(unknown.lines(absentIn(ofCaller)))));
        }
        return matches;
    }

    private String example() {
        return Names.shown(needs.getFirst().fqn());
    }

    private static String indented(List<String> lines) {
        String start = "%n  ".formatted();
        return start + String.join(start, lines);
    }

    /** What the caller's sources leave to others. */
    private List<String> absentIn(List<ConstantSource> sources) {
        return needs.stream()
                .map(RequiredConstant::fqn)
                .filter(name -> sources.stream().allMatch(source -> source.find(name).isEmpty()))
                .toList();
    }

    /** A package's own weights lie as the code expects them, also where its source is missing. */
    private static RequiredConstant laidOut(RequiredConstant need, List<ConstantSource> ofPackage) {
        if (!need.isLaidOut()) {
            for (ConstantSource source : ofPackage) {
                Optional<StoredTensor> tensor = source.find(need.fqn());
                if (tensor.isPresent()) {
                    return need.with(false, tensor.get().shape(), tensor.get().strides());
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
        if (need.packed()) {
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

    private static String labels(List<ConstantSource> sources) {
        return sources.stream().map(ConstantSource::label).collect(Collectors.joining(", "));
    }
}
