package io.github.aoti4j.cli;

import io.github.aoti4j.ModelCache;
import io.github.aoti4j.core.CacheEntry;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code aoti cache}: shows and prunes the cache. */
@Command(
        name = "cache",
        description = {
            "Shows the cache: unpacked and compiled models, and an unpacked libtorch.",
            "Its folder is ~/.cache/aoti4j, or that of -Daoti.cache or AOTI_CACHE. The models are"
                    + " limited to 4 GiB in all, or to -Daoti.cache.limit or AOTI_CACHE_LIMIT"
                    + " (500M, 20G, none): adding one evicts the least recently used."
        },
        mixinStandardHelpOptions = true,
        subcommands = CacheCommand.Prune.class)
final class CacheCommand implements Callable<Integer> {
    @Mixin private JsonOption json;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        new CacheReport(spec.commandLine().getOut(), ModelCache.ofProcess()).print(json.isSet());
        return Main.OK;
    }

    /** {@code --json}, of the command and its subcommand. */
    static final class JsonOption {
        @Option(names = "--json", description = "Print JSON instead of text.")
        private boolean json;

        boolean isSet() {
            return json;
        }
    }

    /** {@code aoti cache prune}. */
    @Command(
            name = "prune",
            description = {
                "Removes the least recently used models over the limit, superseded versions of"
                        + " libtorch that were not used for 30 days, and leftovers of killed"
                        + " processes. Files that a process is using are kept."
            },
            mixinStandardHelpOptions = true)
    static final class Prune implements Callable<Integer> {
        @Option(
                names = "--max-size",
                paramLabel = "S",
                converter = Quantities.Bytes.class,
                description =
                        "The limit for all models, such as 500M or 20G. Default: that of the"
                                + " cache.")
        private Long maxSize;

        @Option(
                names = "--older-than",
                paramLabel = "D",
                converter = Quantities.Age.class,
                description =
                        "Remove also what was not used for this time, such as 30d, 12h or 45m; the"
                                + " libtorch used last is kept.")
        private Duration olderThan;

        @Option(names = "--all", description = "Remove everything that is not in use.")
        private boolean all;

        @Mixin private JsonOption json;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() {
            ModelCache cache = ModelCache.ofProcess();
            long limit = maxSize == null ? cache.limit() : maxSize;
            List<CacheEntry> removed =
                    all
                            ? cache.pruneAll()
                            : olderThan == null
                                    ? cache.prune(limit)
                                    : cache.prune(limit, olderThan);
            new CacheReport(spec.commandLine().getOut(), cache)
                    .printPruned(json.isSet(), removed, all);
            return Main.OK;
        }
    }
}
