package io.github.aoti4j.cli;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code aoti demo}: classifies handwritten digits with the bundled model. */
@Command(
        name = "demo",
        description =
                "Classifies the bundled test images of handwritten digits with a small"
                        + " convolutional network.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final int SHOWN = 6;
    private static final int CLASSES = 10;

    /** Warm-up of each latency: enough for the JVM's compiler. */
    private static final long WARM_UP_NANOS = 600_000_000;

    private static final long TIMED_NANOS = 150_000_000;
    private static final int MAX_SAMPLES = 20_000;

    @Mixin private EngineOptions engine;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        // A second thread does not pay for one small image; an explicit setting has precedence.
        ModelOptions options =
                engine.apply(ModelOptions.defaults())
                        .intraOpThreads(System.getenv("OMP_NUM_THREADS") == null ? 1 : 0)
                        .progress(new TerminalProgress(spec.commandLine().getErr()));
        try (Digits digits = Digits.open();
                Model model = Model.load(digits.modelFile(), options);
                Arena arena = Arena.ofConfined()) {
            Tensor images = digits.images(arena);
            int[] labels = digits.labels(arena);
            int[] answers = classify(model, arena, images);

            out.println(DigitArt.draw(images, answers, labels, SHOWN));
            long correct = 0;
            for (int i = 0; i < labels.length; i++) {
                correct += answers[i] == labels[i] ? 1 : 0;
            }
            out.printf(
                    Locale.ROOT,
                    "accuracy: %.1f%% (%d of %d)%n",
                    100.0 * correct / labels.length,
                    correct,
                    labels.length);
            out.printf(
                    Locale.ROOT,
                    "latency:  %.1f µs for one image, %.0f µs for all %d in one batch (medians)%n",
                    medianMicros(model, first(images)),
                    medianMicros(model, images),
                    labels.length);
            out.printf("engine:   %s%n", EngineOptions.describe(model));
        }
        return Main.OK;
    }

    private static int[] classify(Model model, Arena arena, Tensor images) {
        float[] scores = model.run(arena, images).getFirst().toFloatArray();
        int[] answers = new int[scores.length / CLASSES];
        for (int i = 0; i < answers.length; i++) {
            for (int c = 1; c < CLASSES; c++) {
                if (scores[i * CLASSES + c] > scores[i * CLASSES + answers[i]]) {
                    answers[i] = c;
                }
            }
        }
        return answers;
    }

    private static Tensor first(Tensor images) {
        MemorySegment one =
                images.segment().asSlice(0, images.segment().byteSize() / images.size(0));
        return Tensor.wrap(one, DType.FLOAT32, 1, 1, images.size(2), images.size(3));
    }

    /** Measures what a service does per request: a run, and reading a score. */
    private static double medianMicros(Model model, Tensor input) {
        long warm = System.nanoTime() + WARM_UP_NANOS;
        while (System.nanoTime() - warm < 0) {
            timeOne(model, input);
        }
        long[] nanos = new long[MAX_SAMPLES];
        int count = 0;
        long end = System.nanoTime() + TIMED_NANOS;
        while (count < MAX_SAMPLES && (count == 0 || System.nanoTime() - end < 0)) {
            nanos[count++] = timeOne(model, input);
        }
        Arrays.sort(nanos, 0, count);
        return nanos[count / 2] / 1e3;
    }

    private static long timeOne(Model model, Tensor input) {
        long start = System.nanoTime();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scores = model.run(arena, input).getFirst().segment();
            if (Float.isNaN(scores.get(ValueLayout.JAVA_FLOAT, 0))) {
                throw new IllegalStateException("the model answers NaN");
            }
        }
        return System.nanoTime() - start;
    }
}
