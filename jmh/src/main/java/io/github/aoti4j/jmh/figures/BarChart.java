package io.github.aoti4j.jmh.figures;

import java.util.List;
import java.util.Locale;

/** Results as an SVG bar chart: a panel for each workload, for light and dark pages. */
final class BarChart {
    private static final int WIDTH = 860;
    private static final int LABELS = 250;
    private static final int VALUES = 130;
    private static final int BARS = WIDTH - LABELS - VALUES;
    private static final int ROW = 22;
    private static final int BAR = 14;
    private static final int TITLE = 34;

    private final Results results;
    private final List<String> shown;
    private final StringBuilder svg = new StringBuilder();
    private int y;

    private BarChart(Results results, List<String> shown) {
        this.results = results;
        this.shown = shown;
    }

    /** Draws the contenders that are shown, of those that have been measured. */
    static String of(Results results, List<String> shown) {
        return new BarChart(results, shown).draw();
    }

    private String draw() {
        for (String workload : results.workloads()) {
            panel(
                    workload,
                    shown.stream().flatMap(name -> results.run(workload, name).stream()).toList());
        }
        text("note", 0, y + TITLE - 12, "start", results.machine().cpu() + ", one thread; medians");
        y += TITLE;
        return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%1$d" height="%2$d" role="img">
        <title>Time of a run, and how many times as long as PyTorch's C++ loader</title>
        <style>
        text { font: 13px system-ui, sans-serif; fill: #1f2328 }
        .title { font-weight: 600 }
        .value, .note { fill: #59636e }
        .ours { fill: #0969da }
        .loader { fill: #59636e }
        .peer { fill: #afb8c1 }
        @media (prefers-color-scheme: dark) {
          text { fill: #f0f6fc }
          .value, .note { fill: #9198a1 }
          .ours { fill: #4493f8 }
          .loader { fill: #9198a1 }
          .peer { fill: #59636e }
        }
        </style>
        """
                        .formatted(WIDTH, y)
                + svg
                + "</svg>\n";
    }

    private void panel(String workload, List<Figure> figures) {
        text("title", 0, y + TITLE - 12, "start", workload);
        y += TITLE;
        double longest = figures.stream().mapToDouble(Figure::nanos).max().orElse(1);
        for (Figure figure : figures) {
            double length = Math.max(1, figure.nanos() / longest * BARS);
            int baseline = y + BAR - 2;
            text("name", LABELS - 8, baseline, "end", figure.contender());
            svg.append(
                    String.format(
                            Locale.ROOT,
                            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\""
                                    + " rx=\"2\"/>%n",
                            kind(figure.contender()),
                            LABELS,
                            y,
                            length,
                            BAR));
            text("value", LABELS + length + 6, baseline, "start", value(figure));
            y += ROW;
        }
    }

    private static String kind(String contender) {
        if (contender.startsWith(Contenders.OURS)) {
            return "ours";
        }
        return contender.startsWith(Contenders.LOADER) ? "loader" : "peer";
    }

    private static String value(Figure figure) {
        String time = Units.time(figure.nanos());
        return figure.ratio() == null ? time : time + " · " + Units.ratio(figure.ratio()) + " ×";
    }

    private void text(String kind, double x, int baseline, String anchor, String content) {
        svg.append(
                String.format(
                        Locale.ROOT,
                        "<text class=\"%s\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>%n",
                        kind,
                        x,
                        baseline,
                        anchor,
                        escape(content)));
    }

    private static String escape(String content) {
        return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
