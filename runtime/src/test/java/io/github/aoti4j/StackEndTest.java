package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/** Runs at the end of a thread's stack: where native code calls back, Java cannot throw there. */
class StackEndTest {
    private static final Fixture FIXTURE = Fixture.of("custom_scale_add");

    /** How many of the deepest calls run the model. */
    private static final int DEEPEST = 300;

    private static final String SURVIVED = "survived";

    @Test
    void aModelThatCallsOperatorsIsRefusedWhereTheStackEnds() throws Exception {
        var ending = ChildJvm.run(new ChildJvm(Deep.class).with(FIXTURE.path().toAbsolutePath()));
        assertEquals(0, ending.exitCode(), ending.output());
        assertTrue(ending.output().contains(SURVIVED), ending.output());
    }

    /** A process that may end in the attempt. */
    static final class Deep {
        private final Runnable run;
        private int runs;
        private int refused;

        private Deep(Runnable run) {
            this.run = run;
        }

        public static void main(String[] args) throws InterruptedException {
            try (OperatorLibrary _ = DemoOperators.open();
                    Model model = Model.load(Path.of(args[0]));
                    Arena arena = Arena.ofShared()) {
                Tensor input = Tensor.of(arena, new float[24], 2, 12);
                Thread deep = new Thread(null, () -> attack(model, input, arena), "deep", 1 << 20);
                deep.start();
                deep.join();
                model.run(arena, input);
            }
        }

        private static void attack(Model model, Tensor input, Arena arena) {
            try (Runner runner = model.newRunner(input)) {
                var byModel = new Deep(() -> model.run(arena, input));
                var byRunner = new Deep(runner::run);
                for (Deep way : List.of(byModel, byRunner)) {
                    way.run.run();
                    way.descend();
                    way.run.run();
                }
                if (byModel.refused > 0 && byRunner.refused > 0) {
                    System.out.println(SURVIVED);
                }
            }
        }

        /** Goes down to the end, and runs on the way up. */
        @SuppressWarnings("InfiniteRecursion") // the point of it
        private void descend() {
            try {
                descend();
            } catch (StackOverflowError e) {
                // That was the end.
            }
            if (runs < DEEPEST) {
                runs++;
                try {
                    run.run();
                } catch (StackOverflowError e) {
                    refused++;
                }
            }
        }
    }
}
