package io.github.aoti4j.stress.races;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelCache;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Runner;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.CacheEntry;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.Checkout;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Races on real models, which are too heavy for jcstress: each round lets two threads, or two
 * processes, off at once. A round is right if every answer is, or is the refusal that a closed
 * model gives.
 *
 * <p>Arguments: how many seconds each race is run, with each engine.
 */
public final class Races {
    private static final Path FIXTURES = Checkout.fixtures();
    private static final Path ADD_ONE = FIXTURES.resolve("add_one/add_one.pt2");
    private static final Path WEIGHTS = FIXTURES.resolve("returns_weight/blob.pt2");
    private static final Path A = FIXTURES.resolve("returns_weight/weights.safetensors");
    private static final Path B = FIXTURES.resolve("returns_weight/weights_other.safetensors");

    /** Loads and runs once, as one of two processes. */
    private static final String CHILD = "child";

    private static final String ENGINE = "aoti.engine";

    private static final ExecutorService THREADS =
            Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());

    private Races() {}

    /** One round of a race. */
    private interface Round {
        void run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals(CHILD)) {
            try (Model model = Model.load(ADD_ONE)) {
                requireRight(model);
            }
            return;
        }
        long seconds = Long.parseLong(args[0]);
        for (String engine : List.of("libtorch", "built-in")) {
            System.setProperty(ENGINE, engine);
            System.out.println(engine);
            race("close against run", seconds, () -> closeAgainst(Races::runs));
            race("close against runner", seconds, () -> closeAgainst(Races::runnerRuns));
            race("swap against run", seconds, Races::swapAgainstRun);
            race("two threads load into an empty cache", seconds, Races::twoThreadsLoad);
            race("two processes load into an empty cache", seconds, Races::twoProcessesLoad);
        }
    }

    private static void race(String name, long seconds, Round round) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long rounds = 0;
        do {
            round.run();
            rounds++;
        } while (System.nanoTime() < end);
        System.out.println(name + ": " + rounds + " rounds, all right");
    }

    /** Does both at once, and throws what either does. */
    private static void atOnce(Callable<?> first, Callable<?> second) throws Exception {
        var start = new CyclicBarrier(2);
        List<Future<?>> both = new ArrayList<>();
        for (Callable<?> one : List.of(first, second)) {
            both.add(
                    THREADS.submit(
                            () -> {
                                start.await();
                                return one.call();
                            }));
        }
        for (Future<?> one : both) {
            one.get(1, TimeUnit.MINUTES);
        }
    }

    private static void requireRight(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            float[] values = new float[80];
            Arrays.fill(values, 2);
            float[] sums =
                    model.run(arena, Tensor.of(arena, values, 8, 10)).getFirst().toFloatArray();
            Arrays.fill(values, 3);
            require(Arrays.equals(values, sums));
        }
    }

    private static void require(boolean right) {
        if (!right) {
            throw new AssertionError("a wrong answer");
        }
    }

    private static void closeAgainst(Consumer<Model> runs) throws Exception {
        Model model = Model.load(ADD_ONE, ModelOptions.defaults().runners(2));
        atOnce(
                () -> {
                    try {
                        runs.accept(model);
                    } catch (IllegalStateException e) {
                        require(model.isClosed());
                    }
                    return null;
                },
                () -> {
                    model.close();
                    return null;
                });
    }

    private static void runs(Model model) {
        for (int i = 0; i < 20; i++) {
            requireRight(model);
        }
    }

    private static void runnerRuns(Model model) {
        try (Runner runner = model.newRunner()) {
            for (int i = 0; i < 20; i++) {
                runner.run();
                require(runner.output(0).toFloatArray()[79] == 1);
            }
        }
    }

    private static void swapAgainstRun() throws Exception {
        try (Model model = Model.load(WEIGHTS, ModelOptions.defaults().runners(2))) {
            atOnce(
                    () -> {
                        for (int i = 0; i < 50; i++) {
                            requireOneSet(model);
                        }
                        return null;
                    },
                    () -> {
                        for (int i = 0; i < 5; i++) {
                            model.constants().update(i % 2 == 0 ? B : A);
                        }
                        return null;
                    });
        }
    }

    /** The product with ones is the columns' sums, if all of it is of one set of weights. */
    private static void requireOneSet(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            float[] ones = new float[36];
            Arrays.fill(ones, 1);
            List<Tensor> outputs = model.run(arena, Tensor.of(arena, ones, 3, 12));
            float[] weight = outputs.getFirst().toFloatArray();
            float[] product = outputs.getLast().toFloatArray();
            for (int column = 0; column < 4; column++) {
                float sum = 0;
                for (int row = 0; row < 12; row++) {
                    sum += weight[4 * row + column];
                }
                require(Math.abs(sum - product[column]) < 1e-4);
            }
        }
    }

    private static void twoThreadsLoad() throws Exception {
        List<CacheEntry> _ = ModelCache.ofProcess().pruneAll();
        Callable<Void> load =
                () -> {
                    try (Model model = Model.load(ADD_ONE)) {
                        requireRight(model);
                    }
                    return null;
                };
        atOnce(load, load);
    }

    private static void twoProcessesLoad() throws Exception {
        Path cache = Files.createTempDirectory("races");
        try {
            atOnce(() -> child(cache), () -> child(cache));
        } finally {
            delete(cache);
        }
    }

    private static Void child(Path cache) throws Exception {
        String libtorch = LibTorch.load().directory().toString();
        var process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Daoti.libtorch=" + libtorch,
                                "-D" + ENGINE + "=" + System.getProperty(ENGINE),
                                "-Daoti.cache=" + cache,
                                "-cp",
                                System.getProperty("java.class.path"),
                                Races.class.getName(),
                                CHILD)
                        .inheritIO()
                        .start();
        require(process.waitFor() == 0);
        return null;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
