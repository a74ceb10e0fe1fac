package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What pages say of the sources is so: messages, classes, properties. */
class PageFactsTest {
    private static final Pattern CLASS = Pattern.compile("[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+");

    /** Packages of the JDK in which a class may lie that a page names. */
    private static final List<String> JDK =
            List.of("java.lang", "java.lang.foreign", "java.util", "java.nio", "java.io");

    /** Of PyTorch and of C++. */
    private static final Set<String> FOREIGN =
            Set.of("AOTIModelPackageLoader", "StableIValue", "TreeSpec", "AOTInductor");

    /** Messages that are listed with their cause and fix are those of the sources. */
    @Test
    void messagesExist() throws IOException {
        String sources =
                (Sources.mainText()
                                + Files.readString(Page.ROOT.resolve("aoti"))
                                + Files.readString(Page.ROOT.resolve(".mvn/jdk.sh")))
                        .replaceAll("\"\\s*\\+\\s*\"", "")
                        .replace("\\\"", "\"");
        List<String> missing = new ArrayList<>();
        int count = 0;
        Page page = Page.of("docs/troubleshooting.md");
        for (Page.Line line : page.lines()) {
            if (!line.isTableRow()) {
                continue;
            }
            String message = line.cells().getFirst();
            for (String part :
                    Pattern.compile("`([^`]+)`")
                            .matcher(message)
                            .results()
                            .map(match -> match.group(1))
                            .toList()) {
                count++;
                if (!sources.contains(part)) {
                    missing.add(page.at(line) + " " + part);
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(count > 50, "few messages were found: " + count);
    }

    /** The developers' pages name classes that exist. */
    @Test
    void classesExist() throws IOException {
        Set<String> classes = Sources.classes();
        List<String> missing = new ArrayList<>();
        int count = 0;
        for (Page page : Page.all()) {
            if (!page.name().startsWith("docs/dev/") && !page.name().equals("CONTRIBUTING.md")) {
                continue;
            }
            for (Page.Line line : page.lines()) {
                for (String code : line.inlineCode()) {
                    String name = code.replaceAll("[.(].*", "");
                    if (CLASS.matcher(name).matches()) {
                        count++;
                        if (!classes.contains(name) && !FOREIGN.contains(name) && !isOfJdk(name)) {
                            missing.add(page.at(line) + " " + name);
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(count > 50, "few classes were found: " + count);
    }

    /** The table of packages lists all of the product, and no others. */
    @Test
    void packagesAreListed() throws IOException {
        Set<String> listed = new TreeSet<>();
        for (Page.Line line : Page.of("docs/dev/architecture.md").lines()) {
            if (line.isTableRow() && line.text().startsWith("| `")) {
                Pattern.compile("`((?:internal|weights|bindings|core|libtorch|cache)[.\\w]*)`")
                        .matcher(line.cells().getFirst())
                        .results()
                        .forEach(match -> listed.add(match.group(1)));
            }
        }
        assertEquals(Sources.packages("bindings", "weights", "runtime"), listed);
    }

    private static boolean isOfJdk(String name) {
        for (String folder : JDK) {
            try {
                return Class.forName(folder + "." + name) != null;
            } catch (ClassNotFoundException e) {
                // Perhaps in the next.
            }
        }
        return false;
    }

    /** The table of properties that tests read lists them, and nothing else. */
    @Test
    void propertiesOfTestsAreListed() throws IOException {
        Pattern property = Pattern.compile("\"(aoti\\.[a-z.]+)\"");
        Set<String> read = Sources.inAll(property);
        read.removeAll(Sources.inMain(property));
        Set<String> listed = new TreeSet<>();
        for (Page.Line line : Page.of("docs/dev/testing.md").lines()) {
            if (line.isTableRow() && line.cells().getFirst().startsWith("`aoti.")) {
                listed.add(line.inlineCode().getFirst());
            }
        }
        assertEquals(read, listed);
    }

    /** A property that is named anywhere is read somewhere. */
    @Test
    void propertiesExist() throws IOException {
        Set<String> read = Sources.inAll(Pattern.compile("\"(aoti\\.[a-z.]+)\""));
        List<String> missing = new ArrayList<>();
        Pattern property = Pattern.compile("-D(aoti\\.[a-z.]*[a-z])");
        for (Page page : Page.all()) {
            for (Page.Line line : page.lines()) {
                property.matcher(line.text())
                        .results()
                        .map(match -> match.group(1))
                        .filter(name -> !read.contains(name))
                        .forEach(name -> missing.add(page.at(line) + " " + name));
            }
        }
        assertEquals(List.of(), missing);
    }
}
