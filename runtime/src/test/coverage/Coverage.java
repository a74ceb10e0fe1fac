import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.weights.TensorEntry;
import io.github.aoti4j.weights.files.SafetensorsFile;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs packages with the built-in engine, each in a process of its own, and prints a Markdown table
 * of what runs and how far its answers are from PyTorch's. Usage: {@code Coverage TITLE=FOLDER
 * ...}, where FOLDER holds folders of a package and the files of its calls.
 */
class Coverage {
    /** Functions as they are named in messages. */
    private static final Pattern FUNCTION =
            Pattern.compile("\\b(aoti_torch_\\w+|Sleef_\\w+|_Z\\w+)");

    /** Names that packages have if there are several of one model; the first is taken. */
    private static final List<String> PACKAGINGS =
            List.of("in_so", "blob", "disk", "all", "all_blob");

    /** Their weights come from a formula, and lie nowhere. */
    private static final Set<String> WITHOUT_WEIGHTS = Set.of("big16", "big48", "wide");

    private static final long TIMEOUT_SECONDS = 120;

    /** A package's result. */
    private enum Verdict {
        RUNS("yes"),
        REFUSED("no"),
        WRONG("**wrong**"),
        FAILED("**fails**"),
        CRASHED("**crashes**");

        final String cell;

        Verdict(String cell) {
            this.cell = cell;
        }
    }

    private record Row(String name, Verdict verdict, double difference, List<String> notes) {}

    /** The largest difference that counts as equal, relative to an output's largest element. */
    private static final double TOLERANCE = 1e-4;

    private final Map<String, Integer> missing = new TreeMap<>();

    public static void main(String[] args) throws Exception {
        if (args.length == 2 && args[0].equals("--one")) {
            one(Path.of(args[1]));
            return;
        }
        var coverage = new Coverage();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        boolean good = true;
        for (String argument : args) {
            String[] parts = argument.split("=", 2);
            good &= coverage.section(parts[0], Path.of(parts[1]), out);
        }
        coverage.summary(out);
        System.exit(good ? 0 : 1);
    }

    /** Prints a table; returns whether nothing is wrong, fails or crashes. */
    private boolean section(String title, Path root, PrintStream out) throws Exception {
        List<Row> rows = new ArrayList<>();
        List<Path> packages;
        try (Stream<Path> folders = Files.list(root)) {
            packages =
                    folders.filter(Files::isDirectory)
                            .sorted()
                            .flatMap(folder -> packageIn(folder).stream())
                            .toList();
        }
        for (Path path : packages) {
            String name = path.getParent().getFileName().toString();
            if (!cases(path).isEmpty() && !WITHOUT_WEIGHTS.contains(name)) {
                rows.add(examine(path));
                System.err.println(rows.getLast());
            }
        }
        long runs = rows.stream().filter(r -> r.verdict == Verdict.RUNS).count();
        out.printf(
                "## %s%n%n%d of %d run without libtorch (%d %%).%n%n",
                title, runs, rows.size(), Math.round(100.0 * runs / rows.size()));
        out.printf("| model | runs | difference | missing |%n|---|---|---:|---|%n");
        for (Row row : rows) {
            String figure =
                    Double.isNaN(row.difference)
                            ? ""
                            : row.difference == 0 ? "0" : "%.1e".formatted(row.difference);
            out.printf(
                    "| %s | %s | %s | %s |%n",
                    row.name, row.verdict.cell, figure, String.join(", ", row.notes));
        }
        out.println();
        return rows.stream()
                .allMatch(r -> r.verdict == Verdict.RUNS || r.verdict == Verdict.REFUSED);
    }

    private void summary(PrintStream out) {
        out.printf("## What is missing%n%n| function | packages |%n|---|---:|%n");
        missing.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .forEach(e -> out.printf("| %s | %d |%n", e.getKey(), e.getValue()));
    }

    private static List<Path> packageIn(Path folder) {
        List<String> names = new ArrayList<>(PACKAGINGS);
        names.addFirst(folder.getFileName().toString());
        return names.stream()
                .map(name -> folder.resolve(name + ".pt2"))
                .filter(Files::exists)
                .limit(1)
                .toList();
    }

    private static List<Path> cases(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path.getParent())) {
            return files.filter(f -> f.toString().endsWith(".inputs.safetensors"))
                    .filter(f -> Files.exists(outputs(f)))
                    .sorted()
                    .toList();
        }
    }

    private static Path outputs(Path inputs) {
        String name = inputs.getFileName().toString();
        return inputs.resolveSibling(name.replace(".inputs.", ".outputs."));
    }

    /** Runs a package in a process of its own: a crash is a result. */
    private Row examine(Path path) throws Exception {
        String name = path.getParent().getFileName().toString();
        List<String> command =
                new ArrayList<>(
                        List.of(
                                ProcessHandle.current().info().command().orElse("java"),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:+UseSerialGC",
                                "-XX:-CreateCoredumpOnCrash",
                                "-Xmx2g"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of("Coverage", "--one", path.toString()));
        Path output = Files.createTempFile("coverage", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                return new Row(name, Verdict.FAILED, Double.NaN, List.of("does not end"));
            }
            List<String> lines = Files.readAllLines(output);
            String last = lines.isEmpty() ? "" : lines.getLast();
            if (process.exitValue() != 0) {
                return new Row(name, Verdict.CRASHED, Double.NaN, List.of(crash(lines)));
            }
            return row(name, last);
        } finally {
            Files.delete(output);
        }
    }

    private Row row(String name, String line) {
        String text = line.substring(line.indexOf(' ') + 1);
        return switch (line.substring(0, line.indexOf(' '))) {
            case "difference" -> {
                double difference = Double.parseDouble(text);
                boolean equal = difference <= TOLERANCE;
                yield new Row(name, equal ? Verdict.RUNS : Verdict.WRONG, difference, List.of());
            }
            case "refused" -> {
                List<String> functions = new ArrayList<>(new TreeSet<>(functions(text)));
                functions.forEach(f -> missing.merge(f, 1, Integer::sum));
                yield new Row(
                        name,
                        Verdict.REFUSED,
                        Double.NaN,
                        functions.isEmpty() ? List.of(shortened(text)) : functions);
            }
            default -> new Row(name, Verdict.FAILED, Double.NaN, List.of(shortened(text)));
        };
    }

    private static String shortened(String message) {
        String text = message.replace("|", "/");
        return text.length() <= 100 ? text : text.substring(0, 97) + "...";
    }

    private static List<String> functions(String text) {
        return FUNCTION.matcher(text)
                .results()
                .map(MatchResult::group)
                .map(f -> f.replaceFirst("^aoti_torch_(cpu_)?", ""))
                .toList();
    }

    private static String crash(List<String> lines) {
        return lines.stream()
                .filter(l -> l.contains("Problematic frame") || l.contains("Exception"))
                .findFirst()
                .orElse(lines.isEmpty() ? "" : lines.getLast());
    }

    /** In a process of its own: runs all calls of a package and prints one line. */
    private static void one(Path path) throws IOException {
        String result;
        try {
            double largest = 0;
            for (Path inputs : cases(path)) {
                largest = Math.max(largest, run(path, inputs));
            }
            result = "difference " + largest;
        } catch (Refused e) {
            result = "refused " + e.getMessage().replace('\n', ' ');
        } catch (AotiException | Unequal e) {
            result = "failed " + e.getMessage().replace('\n', ' ');
        }
        System.out.println(result);
    }

    /** What the built-in engine does not run. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /** Outputs of another number, dtype or shape. */
    private static final class Unequal extends Exception {
        private static final long serialVersionUID = 1;

        Unequal(String message) {
            super(message);
        }
    }

    private static Model load(Path path, Path inputs) throws Refused {
        var options = ModelOptions.defaults().engine(Engine.BUILT_IN);
        String call = inputs.getFileName().toString();
        try (ModelPackage opened = ModelPackage.open(path)) {
            if (opened.models().size() > 1) {
                options =
                        options.model(
                                opened.models().stream()
                                        .filter(m -> call.startsWith(m.replace('/', '_')))
                                        .reduce("", (a, b) -> a.length() > b.length() ? a : b));
            }
        }
        try {
            return Model.load(path, options);
        } catch (AotiException e) {
            throw new Refused(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Returns the largest difference of a call; a model of its own, because a run may change it.
     */
    private static double run(Path path, Path inputs) throws Refused, Unequal {
        try (Model model = load(path, inputs);
                Arena arena = Arena.ofConfined()) {
            Map<String, Tensor> expected = read(outputs(inputs), arena);
            Map<String, Tensor> rows = read(inputs, arena);
            List<Tensor> laidOut = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                laidOut.add(rows.get(Integer.toString(i)));
            }
            List<long[]> strides = model.stridesFor(laidOut.stream().map(Tensor::shape).toList());
            for (int i = 0; i < rows.size(); i++) {
                laidOut.set(i, laidOut.get(i).copyWithStrides(arena, strides.get(i)));
            }
            List<Tensor> actual = model.run(arena, laidOut);
            double scale =
                    expected.values().stream().mapToDouble(Coverage::largest).max().orElse(0);
            double largest = 0;
            for (int i = 0; i < actual.size(); i++) {
                Tensor wanted = expected.remove(Integer.toString(i));
                if (actual.get(i) != null || wanted != null) {
                    largest = Math.max(largest, difference(i, actual.get(i), wanted, scale));
                }
            }
            if (!expected.isEmpty()) {
                throw new Unequal(actual.size() + " outputs");
            }
            return largest;
        }
    }

    private static Map<String, Tensor> read(Path path, Arena arena) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Map<String, Tensor> tensors = new HashMap<>();
            for (String name : file.names()) {
                TensorEntry entry = file.entry(name);
                Tensor copy = Tensor.zeros(arena, entry.dtype(), entry.shape());
                copy.segment().copyFrom(file.segment(name));
                tensors.put(name, copy);
            }
            return tensors;
        }
    }

    /** Returns the largest magnitude of a floating-point tensor's finite elements. */
    private static double largest(Tensor tensor) {
        if (!isFloating(tensor)) {
            return 0;
        }
        return Arrays.stream(tensor.toDoubleArray())
                .filter(Double::isFinite)
                .map(Math::abs)
                .max()
                .orElse(0);
    }

    private static boolean isFloating(Tensor tensor) {
        return tensor.dtype().isFloatingPoint() || tensor.dtype().isComplex();
    }

    /**
     * Returns the largest difference relative to the output's largest element, or to a thousandth
     * of all outputs' largest if the output is smaller: what should be 0 is rounding.
     */
    private static double difference(int output, Tensor actual, Tensor expected, double scale)
            throws Unequal {
        if (actual == null
                || expected == null
                || actual.dtype() != expected.dtype()
                || !Arrays.equals(actual.shape(), expected.shape())) {
            throw new Unequal("output %d is %s, not %s".formatted(output, actual, expected));
        }
        if (Arrays.equals(actual.toByteArray(), expected.toByteArray())) {
            return 0;
        }
        if (!isFloating(actual)) {
            return Double.POSITIVE_INFINITY;
        }
        double[] a = actual.toDoubleArray();
        double[] e = expected.toDoubleArray();
        double difference = 0;
        for (int i = 0; i < a.length; i++) {
            boolean same = a[i] == e[i] || (Double.isNaN(a[i]) && Double.isNaN(e[i]));
            double distance = same ? 0 : Math.abs(a[i] - e[i]);
            difference =
                    Math.max(
                            difference,
                            Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance);
        }
        return difference == 0 ? 0 : difference / Math.max(largest(expected), scale / 1000);
    }
}
