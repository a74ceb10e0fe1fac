package io.github.aoti4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Markdown page of the repository.
 *
 * @param name the path from the root of the repository
 * @param lines its lines
 */
record Page(String name, List<Line> lines) {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern FENCE = Pattern.compile("\\s*```(.*)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /**
     * A line of a page.
     *
     * @param text the line
     * @param number from 1
     * @param language null outside code, the language of a fenced block, "" for an indented one
     */
    record Line(String text, int number, String language) {
        boolean isCode() {
            return language != null;
        }

        boolean isTableRow() {
            return !isCode() && text.strip().startsWith("|");
        }

        /** Returns what is in code font outside code blocks. */
        List<String> inlineCode() {
            return isCode()
                    ? List.of()
                    : CODE.matcher(text).results().map(match -> match.group(1)).toList();
        }

        /** Returns the cells of a table row. */
        List<String> cells() {
            List<String> cells = new ArrayList<>();
            for (String cell : text.strip().replaceAll("^\\||\\|$", "").split("\\|", -1)) {
                cells.add(cell.strip());
            }
            return cells;
        }
    }

    /** Reads all pages, but for what a build has made. */
    static List<Page> all() throws IOException {
        List<Page> pages = new ArrayList<>();
        Files.walkFileTree(
                ROOT,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes attributes) {
                        String name = folder.getFileName().toString();
                        boolean skipped =
                                name.equals("target")
                                        || (name.startsWith(".") && !name.equals(".github"));
                        return skipped && !folder.equals(ROOT)
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (file.toString().endsWith(".md")) {
                            pages.add(of(ROOT.relativize(file).toString()));
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        return pages;
    }

    /** Reads one page. */
    static Page of(String name) {
        List<String> texts;
        try {
            texts = Files.readAllLines(ROOT.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Line> lines = new ArrayList<>();
        String language = null;
        for (String text : texts) {
            Matcher fence = FENCE.matcher(text);
            boolean isFence = fence.matches();
            if (isFence && language == null) {
                language = fence.group(1).strip();
                lines.add(new Line(text, lines.size() + 1, language));
            } else {
                boolean indented = language == null && text.startsWith("    ");
                lines.add(new Line(text, lines.size() + 1, indented ? "" : language));
                language = isFence ? null : language;
            }
        }
        return new Page(name, lines);
    }

    /** Returns the texts of the fenced blocks in a language. */
    List<String> blocks(String language) {
        String text = String.join("\n", lines.stream().map(Line::text).toList());
        return Pattern.compile("(?m)^\\s*```" + language + "\n(?<code>(?s:.*?))\n\\s*```")
                .matcher(text)
                .results()
                .map(match -> match.group("code"))
                .toList();
    }

    /** Returns the commands in code blocks, those of several lines joined. */
    List<String> commands() {
        List<String> commands = new ArrayList<>();
        StringBuilder command = new StringBuilder();
        for (Line line : lines) {
            if (line.isCode()) {
                String text = line.text().strip();
                boolean continued = text.endsWith("\\");
                command.append(continued ? text.substring(0, text.length() - 1) : text);
                if (continued) {
                    continue;
                }
                commands.add(command.toString());
            }
            command.setLength(0);
        }
        return commands;
    }

    /** Says where a line is. */
    String at(Line line) {
        return name + ":" + line.number();
    }
}
