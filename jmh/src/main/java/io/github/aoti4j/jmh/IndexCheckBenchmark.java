package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Runner;
import io.github.aoti4j.core.InvalidInputException;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * The cost of checking indices before a run: 128 word ids and 128 kinds, of 8 bytes each, for a
 * layer of BERT.
 *
 * <p>Its kernels ask for two threads: {@code OMP_THREAD_LIMIT=1} in the environment excludes their
 * synchronization from the figures.
 */
public class IndexCheckBenchmark extends RunBenchmark {
    private static final Path TEXT = Path.of("runtime/src/test/fixtures/text/text.pt2");

    @Param({"true", "false"})
    public boolean checked;

    private Model model;
    private Runner runner;

    /** Loads, and checks that a wrong id is refused if indices are checked. */
    @Setup
    public void setUp() {
        model = Model.load(TEXT, ModelOptions.defaults().checkIndices(checked));
        runner = model.newRunner();
        var ids = runner.allocate(0, 8, 16).segment();
        runner.allocate(1, 8, 16);
        if (checked) {
            ids.setAtIndex(ValueLayout.JAVA_LONG, 127, 100);
            try {
                runner.run();
                throw new IllegalStateException("not refused");
            } catch (InvalidInputException _) {
                // Expected.
            }
        }
        for (int i = 0; i < 128; i++) {
            ids.setAtIndex(ValueLayout.JAVA_LONG, i, i % 100);
        }
        runner.run();
    }

    @TearDown
    public void tearDown() {
        runner.close();
        model.close();
    }

    @Benchmark
    public void run() {
        runner.run();
    }

    /** The check of dtypes and shapes, which every run makes. */
    @Benchmark
    public boolean accepts() {
        return model.accepts(runner.input(0), runner.input(1));
    }
}
