package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Pages are short enough to be read, and written in plain English. */
class PageStyleTest {
    private static final int README_LINES = 170;
    private static final int COLUMNS = 120;

    private static final Pattern UNIDIOMATIC =
            Pattern.compile(
                    "\\b(for who|tells? whether|anew|mended|so many|on their own account)\\b",
                    Pattern.CASE_INSENSITIVE);

    @Test
    void readmeIsShort() {
        int lines = Page.of("README.md").lines().size();
        assertTrue(lines <= README_LINES, "README.md has " + lines + " lines");
    }

    @Test
    void linesFitIntoAWindow() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Page page : Page.all()) {
            for (Page.Line line : page.lines()) {
                int length = line.text().codePointCount(0, line.text().length());
                boolean mayBeLonger =
                        line.isTableRow() || line.text().contains("://") || isReport(page);
                if (length > COLUMNS && !mayBeLonger) {
                    tooLong.add(page.at(line) + " has " + length + " characters");
                }
            }
        }
        assertEquals(List.of(), tooLong);
    }

    /** Reports of benchmarks are written by a program. */
    private static boolean isReport(Page page) {
        return page.name().startsWith("jmh/results/");
    }

    @Test
    void languageIsPlain() throws IOException {
        List<String> found = new ArrayList<>();
        for (Page page : Page.all()) {
            for (Page.Line line : page.lines()) {
                UNIDIOMATIC
                        .matcher(line.text())
                        .results()
                        .forEach(match -> found.add(page.at(line) + " " + match.group()));
            }
        }
        assertEquals(List.of(), found);
    }
}
