package io.github.aoti4j.cli;

import io.github.aoti4j.ModelCache;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code aoti cache}: what is kept between loads, and how to be rid of it. */
@Command(
        name = "cache",
        description = {
            "Shows what is kept between loads: unpacked and compiled models, and an unpacked"
                    + " libtorch.",
            "It lies in ~/.cache/aoti4j, or what -Daoti.cache or AOTI_CACHE names. Models may have"
                    + " 4 GiB together, or what -Daoti.cache.limit or AOTI_CACHE_LIMIT says (500M,"
                    + " 20G, none): when one is added, the least recently used go."
        },
        mixinStandardHelpOptions = true,
        subcommands = CacheCommand.Prune.class)
final class CacheCommand implements Callable<Integer> {
    @Mixin private JsonOption json;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    CacheCommand() {}

    @Override
    public Integer call() {
        new CacheReport(spec.commandLine().getOut(), ModelCache.ofProcess()).print(json.isSet());
        return Main.OK;
    }

    /** {@code --json}, here and below. */
    static final class JsonOption {
        @Option(names = "--json", description = "Print JSON instead of text.")
        private boolean json;

        /** Made by picocli. */
        JsonOption() {}

        boolean isSet() {
            return json;
        }
    }

    /** {@code aoti cache prune}. */
    @Command(
            name = "prune",
            description = {
                "Removes models that are over the limit, a libtorch that another one has taken the"
                    + " place of and that was not used for 30 days, and what killed processes left."
                    + " What a process is using stays."
            },
            mixinStandardHelpOptions = true)
    static final class Prune implements Callable<Integer> {
        @Option(
                names = "--max-size",
                paramLabel = "S",
                converter = Quantities.Bytes.class,
                description =
                        "How much the models may have together, such as 500M or 20G. Default: the"
                                + " limit.")
        private Long maxSize;

        @Option(
                names = "--older-than",
                paramLabel = "D",
                converter = Quantities.Age.class,
                description =
                        "Remove what was not used for so long, such as 30d, 12h or 45m; the"
                                + " libtorch that was used last stays.")
        private Duration olderThan;

        @Option(names = "--all", description = "Remove everything that is not in use.")
        private boolean all;

        @Mixin private JsonOption json;

        @Spec private CommandSpec spec;

        /** Made by picocli. */
        Prune() {}

        @Override
        public Integer call() {
            ModelCache cache = ModelCache.ofProcess();
            long limit = maxSize == null ? cache.limit() : maxSize;
            List<ModelCache.Entry> removed =
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
