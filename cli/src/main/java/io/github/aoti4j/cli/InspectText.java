package io.github.aoti4j.cli;

import io.github.aoti4j.CompilationInfo;
import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.MemoryEstimate;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.UncheckedIndex;
import io.github.aoti4j.ValueRange;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Requirement;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** {@code aoti inspect} as text, in lines of about 120 characters. */
final class InspectText {
    private static final int WIDTH = 120;

    /** The names that PyTorch gives its files: hashes, of which the beginning is enough. */
    private static final Pattern HASH = Pattern.compile("\\b(c[a-z2-7]{7})[a-z2-7]{44}\\b");

    private final PrintWriter out;
    private final boolean listConstants;

    InspectText(PrintWriter out, boolean listConstants) {
        this.out = out;
        this.listConstants = listConstants;
    }

    void print(Path file, List<ModelReport> reports) {
        out.println(file);
        reports.forEach(this::model);
    }

    private void model(ModelReport report) {
        ModelDescription model = report.model();
        out.printf(
                "%nmodel \"%s\" (%s)%n",
                model.name(),
                model.libraryBytes() == 0
                        ? "source only, to be compiled"
                        : "library of " + Quantities.format(model.libraryBytes()));
        if (!model.sourceKnown()) {
            out.println("  the package holds no source: inputs, outputs and constants are unknown");
        } else {
            call(report);
            unchecked(model.uncheckedIndices());
            constants(model.constants());
        }
        memory(model.memory());
        compilation(model.compilation());
        out.println("  metadata");
        model.metadata().entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .forEach(entry -> item("    ", entry.getKey() + ": " + entry.getValue()));
        out.println("  requirements");
        for (Requirement requirement : report.requirements()) {
            String mark = mark(requirement);
            item("    %-3s ".formatted(mark), requirement.name() + ": " + requirement.detail());
        }
    }

    private void call(ModelReport report) {
        ModelDescription model = report.model();
        out.println("  call");
        report.callSpec().ifPresent(spec -> item("    ", spec.describe()));
        if (!report.callProblem().isEmpty()) {
            item("    ", "by flat tensors only: " + report.callProblem());
        }
        out.println("  inputs");
        for (int i = 0; i < model.inputs().size(); i++) {
            InputInfo input = model.inputs().get(i);
            String name = name(report.inputPath(i), input.name());
            item("    " + i + " ", name + ": " + input.description() + ranges(input));
        }
        out.println("  outputs");
        for (int i = 0; i < model.outputs().size(); i++) {
            item("    " + i + " ", name(report.outputPath(i), model.outputs().get(i)));
        }
    }

    /** Returns where it stands in a call, and its name in the compiled model. */
    private static String name(String path, String name) {
        return path == null ? name : path + " (" + name + ")";
    }

    private static String ranges(InputInfo input) {
        return input.valueRanges().isEmpty()
                ? ""
                : input.valueRanges().stream()
                        .map(ValueRange::text)
                        .collect(Collectors.joining(" and ", ", used as indices: ", ""));
    }

    private void unchecked(List<UncheckedIndex> indices) {
        if (!indices.isEmpty()) {
            out.println("  indices that are not checked before a run");
        }
        for (UncheckedIndex index : indices) {
            item(
                    "    ",
                    "%s (%s): %s; otherwise the %s"
                            .formatted(
                                    index.kernel(),
                                    index.ofConstant() ? "in a constant" : "computed",
                                    index.expression().replace("index out of bounds: ", ""),
                                    index.endsProcess() ? "process ends" : "run fails"));
        }
    }

    private void constants(List<ConstantInfo> constants) {
        if (constants.isEmpty()) {
            out.println("  constants: none");
            return;
        }
        String hint = listConstants ? "" : "; --constants lists them";
        out.printf("  constants: %s%s%n", size(constants), hint);
        for (ConstantGroup group : ConstantGroup.of(constants)) {
            item("    ", size(group.constants()) + group.preposition() + group.place());
            if (listConstants) {
                group.constants().forEach(constant -> constant(group, constant));
            }
        }
        item(
                "    ",
                "--weights supplies or replaces these, but not constants that PyTorch inlined into"
                        + " the code (up to eight elements)");
    }

    private void constant(ConstantGroup group, ConstantInfo constant) {
        String within = group.within(constant);
        item(
                "      ",
                "%s: %s %s, %s%s%s"
                        .formatted(
                                constant.fqn(),
                                constant.dtype().map(DType::torchName).orElse("any dtype"),
                                constant.shape().map(Object::toString).orElse("[?]"),
                                Quantities.format(constant.bytes()),
                                constant.kind().equals("Unknown") ? "" : ", " + constant.kind(),
                                within.isEmpty() ? "" : ", " + within));
    }

    private void memory(MemoryEstimate memory) {
        out.println("  memory");
        String copied = Quantities.format(memory.privateWeights());
        item(
                "    ",
                "weights: %s%s private, %s mapped%s"
                        .formatted(
                                memory.constantsKnown() ? "" : "at most ",
                                copied,
                                Quantities.format(memory.mappedWeights()),
                                memory.deviceWeights() == 0
                                        ? ""
                                        : ", %s on the device"
                                                .formatted(
                                                        Quantities.format(
                                                                memory.deviceWeights()))));
        item(
                "    ",
                "a run at the largest inputs: %s, of which outputs %s; inputs %s"
                        .formatted(
                                size(memory.runBytes()),
                                size(memory.outputBytes()),
                                size(memory.inputBytes())));
    }

    private void compilation(CompilationInfo compilation) {
        out.println("  compilation");
        item(
                "    ",
                "for %s, -march=%s"
                        .formatted(
                                compilation.vectorExtensions().orElse("unknown extensions"),
                                compilation.march().orElse("unknown")));
        compilation
                .frozen()
                .ifPresent(
                        frozen ->
                                item(
                                        "    ",
                                        frozen
                                                ? "frozen: its weights cannot be replaced by those"
                                                        + " of the PyTorch module"
                                                : "not frozen: its weights can be replaced"));
        if (compilation.kernelThreads().isPresent()) {
            int threads = compilation.kernelThreads().getAsInt();
            item(
                    "    ",
                    switch (threads) {
                        case 0 -> "its kernels run on as many threads as OpenMP has";
                        case 1 -> "its kernels run on one thread";
                        default -> "its kernels run on %d threads".formatted(threads);
                    });
        }
        compilation.hints().forEach(hint -> item("    ! ", hint));
    }

    private static String size(OptionalLong bytes) {
        return bytes.isPresent() ? Quantities.format(bytes.getAsLong()) : "unknown";
    }

    private static String size(List<ConstantInfo> constants) {
        return "%d (%s)"
                .formatted(constants.size(), Quantities.format(ConstantGroup.bytes(constants)));
    }

    private static String mark(Requirement requirement) {
        if (!requirement.met()) {
            return "NO";
        }
        return requirement.name().equals(Requirement.WARNING) ? "!" : "ok";
    }

    /** Prints a text behind its indent, and breaks it between words where the line is full. */
    private void item(String indent, String text) {
        StringBuilder line = new StringBuilder(indent);
        String separator = "";
        for (String word : HASH.matcher(text).replaceAll("$1…").split(" ", -1)) {
            if (!separator.isEmpty() && line.length() + 1 + word.length() > WIDTH) {
                out.println(line);
                line = new StringBuilder(" ".repeat(indent.length() + 2));
                separator = "";
            }
            line.append(separator).append(word);
            separator = " ";
        }
        out.println(line);
    }
}
