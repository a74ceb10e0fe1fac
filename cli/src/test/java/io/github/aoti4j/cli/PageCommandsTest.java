package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The commands that pages show exist, with the options that they are shown with. */
class PageCommandsTest {
    private static final Pattern AOTI = Pattern.compile("(?:^|\\./|`)aoti ([a-z]+)(.*)");
    private static final Pattern OPTION = Pattern.compile("(?<=[\\s\\[])--?[a-z][a-z0-9-]*");
    private static final Pattern MAVEN = Pattern.compile("\\bmvn\\b(.*)");

    @Test
    void commandsOfAotiHaveTheseOptions() throws IOException {
        CommandLine aoti = new CommandLine(new Main());
        List<String> wrong = new ArrayList<>();
        int count = 0;
        for (Page page : Page.all()) {
            for (String text : commands(page)) {
                var command = AOTI.matcher(text);
                if (!command.find()) {
                    continue;
                }
                count++;
                CommandLine subcommand = aoti.getSubcommands().get(command.group(1));
                if (subcommand == null) {
                    wrong.add(page.name() + ": " + text);
                    continue;
                }
                String words = command.group(2).replaceAll("#.*| {3,}.*", "");
                for (String option : found(OPTION, words)) {
                    if (!options(subcommand).contains(option)) {
                        wrong.add(page.name() + ": " + option + " in " + text);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(count > 20, "few commands were found: " + count);
    }

    @Test
    void mavenKnowsWhatItIsAskedFor() throws Exception {
        Set<String> classes = Sources.classes();
        Set<String> modules = Poms.modules();
        Set<String> profiles = Poms.profiles();
        List<String> wrong = new ArrayList<>();
        for (Page page : Page.all()) {
            for (String text : commands(page)) {
                for (String words : found(MAVEN, text)) {
                    for (String test : values("-Dtest=(?!TEST\\b)([\\w,*]+)", words)) {
                        String name = test.replace("*", "\\w*");
                        if (classes.stream().noneMatch(c -> c.matches(name))) {
                            wrong.add(page.name() + ": test " + test);
                        }
                    }
                    for (String module : values("-pl (?!MODULE\\b)([\\w,/-]+)", words)) {
                        if (!modules.contains(module)) {
                            wrong.add(page.name() + ": module " + module);
                        }
                    }
                    for (String profile : values("-P([\\w.-]+)", words)) {
                        if (!profiles.contains(profile)) {
                            wrong.add(page.name() + ": profile " + profile);
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** Shell scripts of the repository that pages name are there, and can be started. */
    @Test
    void scriptsAreThere() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Page page : Page.all()) {
            for (String text : page.commands()) {
                for (String script : found(Pattern.compile("^[a-z-]+/[a-z]+(?= |$)"), text)) {
                    if (!Files.isExecutable(Page.ROOT.resolve(script))) {
                        missing.add(page.name() + ": " + script);
                    }
                }
            }
        }
        assertEquals(List.of(), missing);
    }

    /** The script of the long tests starts tests that exist. */
    @Test
    void testsOfScriptsAreThere() throws IOException {
        String script = Files.readString(Page.ROOT.resolve("stress/run"));
        List<String> tests = values("run_test (\\w+)", script);
        assertTrue(tests.size() > 1, tests::toString);
        assertTrue(Sources.classes().containsAll(tests), tests::toString);
    }

    /** Those in blocks, and in code font. */
    private static List<String> commands(Page page) {
        List<String> commands = new ArrayList<>(page.commands());
        page.lines().forEach(line -> commands.addAll(line.inlineCode()));
        return commands;
    }

    private static Set<String> options(CommandLine command) {
        Set<String> options = new TreeSet<>();
        command.getCommandSpec()
                .options()
                .forEach(option -> options.addAll(List.of(option.names())));
        command.getSubcommands().values().forEach(sub -> options.addAll(options(sub)));
        return options;
    }

    private static List<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(MatchResult::group).toList();
    }

    private static List<String> values(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .flatMap(match -> Pattern.compile(",").splitAsStream(match.group(1)))
                .toList();
    }
}
