package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.libtorch.LibTorchOptions;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The table of docs/configuration.md lists what is there, and nothing else. */
class PageConfigurationTest {
    private static final Page PAGE = Page.of("docs/configuration.md");

    /** Names in packages and macros of generated code, which are no environment variables. */
    private static final Set<String> NOT_VARIABLES =
            Set.of(
                    "AOTI_DEVICE_KEY",
                    "AOTI_PLATFORM",
                    "AOTI_CPU_ISA",
                    "AOTI_COMPUTE_CAPABILITY",
                    "AOTI_TORCH_CHECK");

    /** Of the JVM, not of the command. */
    private static final String JVM_OPTION = "--enable-native-access";

    @Test
    void systemProperties() throws IOException {
        assertEquals(
                Sources.inMain(Pattern.compile("\"(aoti\\.[a-z.]+)\"")),
                names(name -> name.startsWith("-Daoti."))
                        .map(name -> name.substring("-D".length()))
                        .collect(sorted()));
    }

    @Test
    void environmentVariables() throws IOException {
        Set<String> read = Sources.inMain(Pattern.compile("\"(AOTI_[A-Z_]+)\\(?\""));
        Set<String> variables = new TreeSet<>(read);
        variables.removeAll(NOT_VARIABLES);
        Set<String> documented =
                PAGE.lines().stream()
                        .flatMap(line -> line.inlineCode().stream())
                        .filter(name -> name.startsWith("AOTI_"))
                        .collect(sorted());
        assertEquals(variables, documented);
        assertEquals(List.of(), NOT_VARIABLES.stream().filter(n -> !read.contains(n)).toList());
    }

    @Test
    void environmentVariablesOfOthers() throws IOException {
        Set<String> read =
                Sources.inMain(
                        Pattern.compile(
                                "(?:getenv|environment\\.apply|paths)\\(\\s*\"([A-Z_]+)\"\\s*\\)"));
        read.removeAll(names(name -> name.matches("[A-Z_]+")).toList());
        assertEquals(Set.of(), read);
    }

    @Test
    void optionsOfModels() {
        assertEquals(
                Arrays.stream(ModelOptions.class.getMethods())
                        .filter(method -> method.getReturnType() == ModelOptions.class)
                        .filter(method -> method.getParameterCount() == 1)
                        .map(method -> "ModelOptions." + method.getName())
                        .collect(sorted()),
                names(name -> name.startsWith("ModelOptions.")).collect(sorted()));
    }

    @Test
    void optionsOfLibtorch() {
        assertEquals(
                Arrays.stream(LibTorchOptions.class.getMethods())
                        .filter(method -> method.getReturnType() == LibTorchOptions.class)
                        .map(method -> "LibTorchOptions." + method.getName())
                        .collect(sorted()),
                names(name -> name.startsWith("LibTorchOptions.")).collect(sorted()));
    }

    @Test
    void optionsOfTheCommand() {
        Set<String> options = new TreeSet<>();
        collect(new CommandLine(new Main()), options);
        assertEquals(
                options,
                names(name -> name.startsWith("-") && !name.startsWith("-D"))
                        .filter(name -> !name.equals(JVM_OPTION))
                        .collect(sorted()));
    }

    private static void collect(CommandLine command, Set<String> options) {
        command.getCommandSpec()
                .options()
                .forEach(option -> options.addAll(List.of(option.names())));
        command.getSubcommands().values().forEach(subcommand -> collect(subcommand, options));
    }

    @Test
    void settingsAreReadWhereTheTableSays() throws IOException {
        Set<String> classes = Sources.classes();
        assertEquals(
                List.of(),
                rows().map(List::getLast)
                        .filter(cell -> cell.startsWith("`"))
                        .map(cell -> cell.replace("`", ""))
                        .filter(name -> !classes.contains(name))
                        .toList());
    }

    /** The names of settings in the second column. */
    private static Stream<String> names(Predicate<String> wanted) {
        return rows().flatMap(cells -> Arrays.stream(cells.get(1).split("[`,\\s]+")))
                .filter(name -> !name.isEmpty())
                .filter(wanted);
    }

    private static Stream<List<String>> rows() {
        return PAGE.lines().stream().filter(Page.Line::isTableRow).map(Page.Line::cells).skip(2);
    }

    private static Collector<String, ?, Set<String>> sorted() {
        return Collectors.toCollection(TreeSet::new);
    }
}
