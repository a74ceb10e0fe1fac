package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** In JVMs of their own, since a recorder that has been started changes how all others run. */
@NeedsLibTorch
class FlightRecorderTest {
    private static final Fixture MLP = Fixture.of("weights_mlp");
    private static final Fixture OPERATOR = Fixture.of("custom_scale_add");

    @TempDir private Path folder;

    @Test
    void recordsLoadsSwapsRunsAndWaits() throws Exception {
        Path file = folder.resolve("recording.jfr");
        var ending = ChildJvm.run(Children.of(Recorded.class).with(file));
        assertEquals(0, ending.exitCode(), ending.output());

        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        Set<String> phases = new TreeSet<>();
        for (RecordedEvent event : of("LoadPhase", events)) {
            phases.add(event.getString("phase"));
        }
        assertEquals(
                Set.of(
                        "read index",
                        "preflight",
                        "find libtorch",
                        "load libtorch",
                        "unpack library",
                        "open library",
                        "create container",
                        "attach weights"),
                phases);
        RecordedEvent load = of("ModelLoad", events).getFirst();
        assertTrue(load.getString("packageFile").endsWith("blob.pt2"));
        assertEquals("model", load.getString("model"));
        assertEquals(null, load.getString("failure"));
        RecordedEvent failed = of("ModelLoad", events).get(1);
        assertTrue(failed.getString("failure").contains("missing"), failed::toString);
        RecordedEvent weights = of("WeightsAttached", events).getFirst();
        assertEquals(7, weights.getInt("constants"));
        assertTrue(weights.getString("location").startsWith("blob.pt2"), weights::toString);
        RecordedEvent swap = of("ConstantsSwapped", events).getFirst();
        assertEquals(7, swap.getInt("constants"));
        assertTrue(swap.getDuration().compareTo(swap.getDuration("heldUp")) >= 0);
        assertEquals(3, of("ModelRun", events).size());
        assertEquals("model", of("ModelRun", events).getFirst().getString("model"));
        assertEquals(1, of("QueueWait", events).size());
        assertEquals("model", of("QueueWait", events).getFirst().getString("model"));
    }

    private static List<RecordedEvent> of(String name, List<RecordedEvent> events) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("aoti4j." + name))
                .toList();
    }

    @Test
    void loadsNoEventWhileNothingIsRecorded() throws Exception {
        var ending = ChildJvm.run(Children.of(Unrecorded.class).options("-Xlog:class+load").with());
        assertEquals(0, ending.exitCode(), ending.output());
        assertTrue(ending.output().contains(" io.github.aoti4j.Model "), ending.output());
        List<String> loaded =
                ending.output()
                        .lines()
                        .filter(
                                line ->
                                        line.contains(" io.github.aoti4j.internal.recorder.")
                                                || line.contains("LoadPhase")
                                                || line.contains(" jdk.jfr.Event "))
                        .toList();
        assertEquals(List.of(), loaded);
    }

    /** Does all that is recorded. */
    static final class Recorded {
        private Recorded() {}

        public static void main(String[] args) throws Exception {
            try (var recording = new Recording()) {
                for (String event : List.of("ModelRun", "QueueWait")) {
                    recording.enable("aoti4j." + event).withThreshold(Duration.ZERO);
                }
                recording.start();
                work();
                recording.dump(Path.of(args[0]));
            }
            System.exit(0); // whatever the threads of libtorch do
        }

        private static void work() throws InterruptedException {
            try (Model model = Model.load(MLP.folder().resolve("blob.pt2"));
                    Arena arena = Arena.ofConfined()) {
                model.run(arena, MLP.inputs("batch3", model, arena));
                model.constants().update(MLP.folder().resolve("weights_other.pt"));
            }
            assertThrows(
                    IncompatibleModelException.class,
                    () -> Model.load(MLP.folder().resolve("none.pt2")));
            waitInTurn();
        }

        /** The second run waits until the first one, which is in an operator, ends. */
        private static void waitInTurn() throws InterruptedException {
            var entered = new CountDownLatch(1);
            var leave = new Semaphore(0);
            OperatorFunction slow =
                    call -> {
                        entered.countDown();
                        leave.acquireUninterruptibly();
                        return DemoOperators.scaleAdd(call);
                    };
            try (OperatorLibrary _ = DemoOperators.open(slow);
                    Model model = OPERATOR.load()) {
                Thread first = Thread.ofPlatform().start(() -> run(model));
                entered.await();
                Thread second = Thread.ofPlatform().start(() -> run(model));
                while (second.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                leave.release(1000); // the model calls it more than once
                first.join();
                second.join();
            }
        }

        private static void run(Model model) {
            try (Arena arena = Arena.ofConfined()) {
                model.run(arena, OPERATOR.inputs("rows2", model, arena));
            }
        }
    }

    /** Loads and runs a model. */
    static final class Unrecorded {
        private Unrecorded() {}

        public static void main(String[] args) {
            try (Model model = Model.load(MLP.folder().resolve("blob.pt2"));
                    Arena arena = Arena.ofConfined()) {
                model.run(arena, MLP.inputs("batch3", model, arena));
                model.constants().update(MLP.folder().resolve("weights_other.pt"));
            }
        }
    }
}
