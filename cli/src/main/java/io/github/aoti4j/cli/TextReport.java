package io.github.aoti4j.cli;

import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.Requirement;
import io.github.aoti4j.UncheckedIndex;
import io.github.aoti4j.core.DType;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** {@code aoti inspect} for people. */
final class TextReport {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private final PrintWriter out;

    private TextReport(PrintWriter out) {
        this.out = out;
    }

    static void print(PrintWriter out, Path file, List<ModelReport> reports) {
        out.println(file);
        TextReport text = new TextReport(out);
        for (ModelReport report : reports) {
            text.model(report);
        }
    }

    private void model(ModelReport report) {
        ModelDescription model = report.model();
        out.printf(
                "%nmodel \"%s\" (%s)%n",
                model.name(),
                model.libraryBytes() == 0
                        ? "source only, to be compiled"
                        : "library of " + bytes(model.libraryBytes()));
        if (!model.sourceKnown()) {
            out.println("  the package holds no source: inputs, outputs and constants unknown");
        } else {
            call(model, CallReport.of(model));
            unchecked(model.uncheckedIndices());
            constants(model.constants());
        }
        out.println("  metadata");
        model.metadata().forEach((key, value) -> out.printf("    %s: %s%n", key, value));
        out.println("  needs");
        for (Requirement requirement : report.requirements()) {
            out.printf(
                    "    %-3s %s: %s%n",
                    mark(requirement), requirement.name(), requirement.detail());
        }
    }

    private void call(ModelDescription model, CallReport call) {
        call.spec().ifPresent(spec -> out.printf("  call%n    %s%n", spec.describe()));
        if (!call.problem().isEmpty()) {
            out.printf("  call%n    by flat tensors only: %s%n", call.problem());
        }
        out.println("  inputs");
        for (int i = 0; i < model.inputs().size(); i++) {
            InputInfo input = model.inputs().get(i);
            String name = named(i, call.inputs(), input.name());
            out.printf("    %d %s: %s%s%n", i, name, input.description(), ranges(input));
        }
        out.println("  outputs");
        for (int i = 0; i < model.outputs().size(); i++) {
            out.printf("    %d %s%n", i, named(i, call.outputs(), model.outputs().get(i)));
        }
    }

    /** {@code , indices from 0 to 9}: what its elements have to be. */
    private static String ranges(InputInfo input) {
        return input.valueRanges().stream()
                .map(range -> ", used as indices: " + range.text())
                .collect(Collectors.joining());
    }

    private void unchecked(List<UncheckedIndex> indices) {
        if (indices.isEmpty()) {
            return;
        }
        out.println("  indices that are not checked before a run");
        for (UncheckedIndex index : indices) {
            out.printf(
                    "    %s (%s): %s; otherwise the %s%n",
                    index.kernel(),
                    index.ofConstant() ? "in a constant" : "computed",
                    index.expression(),
                    index.endsProcess() ? "process ends" : "run fails");
        }
    }

    /** Where it stands in a call, and what the compiled model calls it. */
    private static String named(int index, List<String> paths, String name) {
        return index < paths.size() ? paths.get(index) + " (" + name + ")" : name;
    }

    private static String mark(Requirement requirement) {
        if (!requirement.met()) {
            return "NO";
        }
        return requirement.name().equals(Requirement.WARNING) ? "!" : "ok";
    }

    private void constants(List<ConstantInfo> constants) {
        long total = constants.stream().mapToLong(c -> Math.max(c.bytes(), 0)).sum();
        out.printf("  constants (%d, %s)%n", constants.size(), bytes(total));
        for (ConstantInfo constant : constants) {
            out.printf(
                    "    %s: %s %s, %s, %s, %s%n",
                    constant.fqn(),
                    constant.dtype().map(DType::torchName).orElse("any dtype"),
                    constant.shape().map(Object::toString).orElse("[?]"),
                    constant.kind(),
                    bytes(constant.bytes()),
                    constant.location());
        }
        if (!constants.isEmpty()) {
            out.println(
                    "    --weights replaces these, and none that PyTorch wrote into the code"
                            + " (up to eight elements)");
        }
    }

    /** A size in the largest unit of which there is at least one. */
    static String bytes(long count) {
        if (count < 0) {
            return "? B";
        }
        int unit = 0;
        double value = count;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? count + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
