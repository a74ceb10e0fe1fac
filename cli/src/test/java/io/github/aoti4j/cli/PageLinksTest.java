package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Links of the pages lead to files and headings that are there; others are not followed. */
class PageLinksTest {
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*?)\\s*");

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        int count = 0;
        for (Page page : Page.all()) {
            for (Page.Line line : page.lines()) {
                for (String target : targets(line)) {
                    count++;
                    if (!leadsSomewhere(page, target)) {
                        broken.add(page.at(line) + " " + target);
                    }
                }
            }
        }
        assertEquals(List.of(), broken);
        assertTrue(count > 100, "few links were found: " + count);
    }

    @Test
    void anchorsAreThoseOfTheHeadings() {
        Page page =
                new Page(
                        "x.md",
                        List.of(
                                new Page.Line("# `aoti` in \"ten\" lines, or so", 1, null),
                                new Page.Line("## Twice", 2, null),
                                new Page.Line("## Twice", 3, null),
                                new Page.Line("# in code", 4, "sh")));
        assertEquals(Set.of("aoti-in-ten-lines-or-so", "twice", "twice-1"), anchors(page));
    }

    private static List<String> targets(Page.Line line) {
        // A link may stand in a table, but not in code.
        String text = line.isCode() ? "" : line.text().replaceAll("`[^`]*`", "`code`");
        return LINK.matcher(text)
                .results()
                .map(match -> match.group(1))
                .filter(target -> !target.matches("[a-z]+:.*"))
                .toList();
    }

    private static boolean leadsSomewhere(Page page, String target) {
        String[] parts = target.split("#", 2);
        Path folder = Page.ROOT.resolve(page.name()).getParent();
        Path file =
                parts[0].isEmpty()
                        ? Page.ROOT.resolve(page.name())
                        : folder.resolve(parts[0]).normalize();
        if (!file.startsWith(Page.ROOT) || !Files.exists(file)) {
            return false;
        }
        return parts.length == 1
                || anchors(Page.of(Page.ROOT.relativize(file).toString())).contains(parts[1]);
    }

    /** The anchors that GitHub makes of headings. */
    private static Set<String> anchors(Page page) {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        for (Page.Line line : page.lines()) {
            var heading = HEADING.matcher(line.text());
            if (!line.isCode() && heading.matches()) {
                String anchor =
                        heading.group(1)
                                .toLowerCase(Locale.ROOT)
                                .replaceAll("[^\\p{L}\\p{N}\\- _]", "")
                                .replace(' ', '-');
                int before = seen.merge(anchor, 1, Integer::sum) - 1;
                anchors.add(before == 0 ? anchor : anchor + "-" + before);
            }
        }
        return anchors;
    }
}
