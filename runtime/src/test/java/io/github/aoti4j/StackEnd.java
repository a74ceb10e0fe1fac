package io.github.aoti4j;

import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.StackNeeds;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A process whose threads run out of stack in the library, again and again. */
final class StackEnd {
    static final String SURVIVED = "survived";

    /** How many of the deepest calls do something that takes milliseconds. */
    private static final int DEEPEST = 40;

    private static final Path WEIGHTS = Path.of("src/test/fixtures/weights_mlp");

    /** Which model. */
    enum Subject {
        PLAIN,
        OPERATORS;

        Model load() {
            return this == OPERATORS
                    ? Model.load(Fixture.of("custom_scale_add").path())
                    : Model.load(
                            WEIGHTS.resolve("none.pt2"),
                            ModelOptions.defaults()
                                    .weights(WEIGHTS.resolve("weights.safetensors")));
        }

        Tensor input(Arena arena) {
            return this == OPERATORS
                    ? Tensor.of(arena, new float[24], 2, 12)
                    : Tensor.of(arena, new float[36], 3, 12);
        }
    }

    /** What is done where the stack ends. */
    private enum Way {
        /** In each call on the way down, with an arena of its own. */
        RUN_DOWN,
        RUNNER_DOWN,
        RUN,
        RUNNER,
        LOAD,
        UPDATE,
        READ,
        /** Of an arena that holds outputs. */
        CLOSE_ARENA,
        CLOSE_MODEL
    }

    private final Subject subject;
    private final Model model;
    private final Tensor input;
    private final float[] expected;
    private final Map<Way, Integer> overflows = new EnumMap<>(Way.class);
    private final List<Model> loaded = new ArrayList<>();

    private StackEnd(Subject subject, Model model, Tensor input) {
        this.subject = subject;
        this.model = model;
        this.input = input;
        this.expected = answer();
    }

    public static void main(String[] args) throws Exception {
        Subject subject = Subject.valueOf(args[0]);
        boolean virtual = Boolean.parseBoolean(args[1]);
        int times = Integer.parseInt(args[2]);
        try (OperatorLibrary _ = EngineUnderTest.isBuiltIn() ? null : DemoOperators.open()) {
            try (Model model = subject.load();
                    Arena arena = Arena.ofShared()) {
                var end = new StackEnd(subject, model, subject.input(arena));
                end.repeat(virtual, times);
                end.loaded.forEach(Model::close);
            }
            requireUnmapped();
        }
        System.out.println(SURVIVED);
    }

    private void repeat(boolean virtual, int times) throws InterruptedException {
        var random = new SplittableRandom(times);
        for (int i = 0; i < times; i++) {
            Way way = Way.values()[i % Way.values().length];
            // Some are smaller than a run needs.
            long size = random.nextInt(4) == 0 ? 0 : (180 + random.nextInt(200)) * 1024L;
            Runnable attack = () -> attack(way);
            Thread thread =
                    virtual
                            ? Thread.ofVirtual().unstarted(attack)
                            : new Thread(null, attack, way.name(), size);
            thread.start();
            thread.join(20_000);
            if (thread.isAlive()) {
                System.out.println("hangs in " + way);
                for (StackTraceElement frame : thread.getStackTrace()) {
                    System.out.println("  " + frame);
                }
                Runtime.getRuntime().halt(3);
            }
            for (int run = 0; run < 3; run++) {
                requireRight();
            }
        }
        for (Way way : Way.values()) {
            if (overflows.getOrDefault(way, 0) == 0) {
                throw new AssertionError(way + " has never reached the end of a stack");
            }
        }
    }

    private void attack(Way way) {
        try (Arena outputs = Arena.ofConfined()) {
            switch (way) {
                case RUN_DOWN -> overflow(way, this::runDown);
                case RUNNER_DOWN -> overflow(way, this::runnerDown);
                case RUN -> onTheWayUp(way, () -> model.run(outputs, input));
                case RUNNER -> {
                    try (Runner runner = model.newRunner(input)) {
                        onTheWayUp(
                                way,
                                () -> {
                                    runner.run();
                                    runner.output(0);
                                    runner.bind(0, input);
                                });
                    }
                }
                case LOAD ->
                        onTheWayUp(
                                way,
                                () -> {
                                    try (Model other = subject.load()) {
                                        other.run(outputs, input);
                                    }
                                });
                case UPDATE ->
                        onTheWayUp(
                                way,
                                () -> {
                                    if (subject == Subject.PLAIN) {
                                        model.constants()
                                                .update(WEIGHTS.resolve("weights.safetensors"));
                                    } else {
                                        model.constants().list();
                                    }
                                });
                case READ ->
                        onTheWayUp(
                                way,
                                () -> {
                                    String fqn = subject == Subject.PLAIN ? "0.weight" : "none";
                                    try {
                                        model.constants().read(outputs, fqn);
                                    } catch (IncompatibleModelException e) {
                                        // This model has no such constant.
                                    }
                                });
                case CLOSE_ARENA -> closeArenas(way);
                case CLOSE_MODEL -> closeModel(way);
            }
        } catch (StackOverflowError e) {
            // A thread that is too small for any run.
            overflows.merge(way, 1, Integer::sum);
        }
    }

    private void overflow(Way way, Runnable recursion) {
        try {
            recursion.run();
        } catch (StackOverflowError e) {
            overflows.merge(way, 1, Integer::sum);
        }
    }

    @SuppressWarnings("InfiniteRecursion") // the point of it
    private void runDown() {
        try (Arena arena = Arena.ofConfined()) {
            model.run(arena, input);
        }
        runDown();
    }

    @SuppressWarnings("InfiniteRecursion")
    private void runnerDown() {
        try (Runner runner = model.newRunner(input)) {
            runner.run();
            runner.output(0);
        }
        runnerDown();
    }

    private void closeArenas(Way way) {
        List<Arena> arenas = new ArrayList<>();
        for (int i = 0; i < DEEPEST; i++) {
            Arena arena = Arena.ofConfined();
            arenas.add(arena);
            model.run(arena, input);
        }
        onTheWayUp(
                way,
                () -> {
                    // An error in the JDK's own code would leak what the arena holds.
                    if (!arenas.isEmpty() && StackGuard.left() >= StackNeeds.CLOSE_ARENA) {
                        arenas.removeLast().close();
                    }
                });
        arenas.forEach(Arena::close);
        overflows.merge(way, 1, Integer::sum);
    }

    private void closeModel(Way way) {
        Model other = subject.load();
        loaded.add(other);
        onTheWayUp(way, other::close);
    }

    /** Goes down to the end, and acts on the way up. */
    private void onTheWayUp(Way way, Runnable action) {
        descend(way, action, new int[1]);
    }

    @SuppressWarnings("InfiniteRecursion") // the point of it
    private void descend(Way way, Runnable action, int[] done) {
        try {
            descend(way, action, done);
        } catch (StackOverflowError e) {
            // That was the end.
        }
        if (done[0] < DEEPEST) {
            try {
                action.run();
            } catch (StackOverflowError e) {
                overflows.merge(way, 1, Integer::sum);
            }
            done[0]++;
        }
    }

    private float[] answer() {
        try (Arena arena = Arena.ofConfined()) {
            return model.run(arena, input).getFirst().toFloatArray();
        }
    }

    private void requireRight() {
        float[] actual = answer();
        if (!Arrays.equals(expected, actual)) {
            throw new AssertionError("wrong answer");
        }
    }

    /** All is closed: a lost use of the constants would keep the weights mapped. */
    private static void requireUnmapped() throws IOException {
        Path file = WEIGHTS.resolve("weights.safetensors").toRealPath();
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (line.endsWith(file.toString())) {
                throw new AssertionError("still mapped: " + line);
            }
        }
    }
}
