package io.github.aoti4j.cli;

import io.github.aoti4j.ModelCache;
import io.github.aoti4j.core.CacheEntry;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** The output of {@code aoti cache}, as text and as JSON. */
final class CacheReport {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneId.systemDefault());

    /** Enough of a digest to tell entries apart. */
    private static final int NAME = 24;

    private final PrintWriter out;
    private final ModelCache cache;
    private final List<CacheEntry> entries;

    CacheReport(PrintWriter out, ModelCache cache) {
        this.out = out;
        this.cache = cache;
        this.entries = cache.entries();
    }

    void print(boolean json) {
        if (json) {
            json(summary());
            return;
        }
        if (entries.isEmpty()) {
            out.println("the cache is empty");
            return;
        }
        cache.folders().forEach(out::println);
        print(entries);
        out.println(total());
    }

    void printPruned(boolean json, List<CacheEntry> removed, boolean all) {
        if (json) {
            ObjectNode node = summary();
            ArrayNode list = node.putArray("removed");
            removed.forEach(entry -> describe(list, entry));
            node.put("removedBytes", bytes(removed));
            json(node);
            return;
        }
        print(removed);
        out.printf(
                "removed %d %s, %s%n",
                removed.size(), plural(removed.size()), Quantities.format(bytes(removed)));
        out.println(total());
        if (all && !entries.isEmpty()) {
            out.println("the remaining entries are in use, or were a moment ago");
        }
    }

    private void print(List<CacheEntry> shown) {
        for (CacheEntry entry : shown) {
            String name = entry.name();
            out.printf(
                    "  %-8s %10s  %s  %s%s%n",
                    entry.kind(),
                    Quantities.format(entry.bytes()),
                    TIME.format(entry.lastUsed()),
                    name.length() > 2 * NAME ? name.substring(0, NAME) + "…" : name,
                    entry.mapped() ? "  in use" : "");
        }
    }

    private String total() {
        return "%d %s, %s; models use %s, %s"
                .formatted(
                        entries.size(),
                        plural(entries.size()),
                        Quantities.format(bytes(entries)),
                        Quantities.format(models()),
                        cache.limit() == Long.MAX_VALUE
                                ? "without a limit"
                                : "of at most " + Quantities.format(cache.limit()));
    }

    private static String plural(int count) {
        return count == 1 ? "entry" : "entries";
    }

    private long models() {
        return bytes(entries.stream().filter(entry -> !entry.kind().equals("libtorch")).toList());
    }

    private static long bytes(List<CacheEntry> entries) {
        return entries.stream().mapToLong(CacheEntry::bytes).sum();
    }

    private ObjectNode summary() {
        ObjectNode node = MAPPER.createObjectNode();
        ArrayNode folders = node.putArray("folders");
        cache.folders().forEach(folder -> folders.add(folder.toString()));
        ArrayNode list = node.putArray("entries");
        entries.forEach(entry -> describe(list, entry));
        node.put("bytes", bytes(entries));
        node.put("modelBytes", models());
        if (cache.limit() == Long.MAX_VALUE) {
            node.putNull("modelLimitBytes");
        } else {
            node.put("modelLimitBytes", cache.limit());
        }
        return node;
    }

    private static void describe(ArrayNode list, CacheEntry entry) {
        list.addObject()
                .put("kind", entry.kind())
                .put("name", entry.name())
                .put("path", entry.path().toString())
                .put("bytes", entry.bytes())
                .put("lastUsed", entry.lastUsed().toString())
                .put("inUse", entry.mapped());
    }

    private void json(ObjectNode node) {
        out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    }
}
