package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a listener hears of loads, runs and waits. */
class ModelListenerTest {
    private static final Path ADD_ONE = Fixture.of("add_one").path();

    /** Keeps all it hears. */
    private static class Hearer implements ModelListener {
        final List<Model> models = Collections.synchronizedList(new ArrayList<>());
        final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        final AtomicInteger runs = new AtomicInteger();
        final AtomicInteger waits = new AtomicInteger();
        volatile long shortest = Long.MAX_VALUE;

        @Override
        public void loaded(Model model, long nanos) {
            models.add(model);
            took(nanos);
        }

        @Override
        public void loadFailed(Throwable failure, long nanos) {
            failures.add(failure);
            took(nanos);
        }

        @Override
        public void ran(long nanos) {
            runs.incrementAndGet();
            took(nanos);
        }

        @Override
        public void runFailed(Throwable failure, long nanos) {
            failures.add(failure);
            took(nanos);
        }

        @Override
        public void waited(long nanos) {
            waits.incrementAndGet();
            took(nanos);
        }

        private synchronized void took(long nanos) {
            shortest = Math.min(shortest, nanos);
        }
    }

    private static ModelOptions heardBy(ModelListener listener) {
        return ModelOptions.defaults().engine(Engine.BUILT_IN).listener(listener);
    }

    private static void run(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor ones = Tensor.of(arena, new float[80], 8, 10);
            assertEquals(1, model.run(arena, ones).getFirst().toFloatArray()[79]);
        }
    }

    @Test
    void hearsOfEachRunAndOfNoWait() {
        var hearer = new Hearer();
        try (Model model = Model.load(ADD_ONE, heardBy(hearer));
                Runner runner = model.newRunner()) {
            assertEquals(List.of(model), hearer.models);
            for (int i = 0; i < 3; i++) {
                run(model);
            }
            runner.run();
            runner.run();
        }
        assertEquals(5, hearer.runs.get());
        assertEquals(0, hearer.waits.get());
        assertEquals(List.of(), hearer.failures);
        assertTrue(hearer.shortest > 0, () -> hearer.shortest + " ns");
    }

    @Test
    void hearsOfEachLoadOnce() {
        var hearer = new Hearer();
        try (ModelPackage opened = ModelPackage.open(ADD_ONE);
                Model first = opened.load(heardBy(hearer));
                Model second = Model.load(ADD_ONE, heardBy(hearer))) {
            assertEquals(List.of(first, second), hearer.models);
        }
        assertEquals(List.of(), hearer.failures);
    }

    @Test
    void hearsOfLoadsThatFail() {
        var hearer = new Hearer();
        Path missing = Path.of("no-such-file.pt2");
        var atOpening =
                assertThrows(AotiException.class, () -> Model.load(missing, heardBy(hearer)));
        var unknown = heardBy(hearer).model("other");
        var atLoading = assertThrows(AotiException.class, () -> Model.load(ADD_ONE, unknown));
        assertEquals(List.of(atOpening, atLoading), hearer.failures);
        assertEquals(List.of(), hearer.models);
    }

    @Test
    void hearsOfFailuresAndNotOfWhatIsRefused() {
        var hearer = new Hearer();
        Path embedding = Fixture.of("embedding").path();
        try (Model model = Model.load(embedding, heardBy(hearer).checkIndices(false));
                Arena arena = Arena.ofConfined()) {
            Tensor bad = Tensor.of(arena, new long[] {3, 10}, 2);
            var failure = assertThrows(NativeException.class, () -> model.run(arena, bad));
            assertSame(failure, hearer.failures.getFirst());
            Tensor refused = Tensor.of(arena, new float[2], 2);
            assertThrows(InvalidInputException.class, () -> model.run(arena, refused));
        }
        assertEquals(1, hearer.failures.size());
        assertEquals(0, hearer.runs.get());
    }

    /** The first run holds the only runner while its listener blocks. */
    @Test
    void hearsOfWaits() throws InterruptedException {
        var entered = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        var hearer =
                new Hearer() {
                    @Override
                    public void ran(long nanos) {
                        super.ran(nanos);
                        entered.countDown();
                        awaitQuietly(leave);
                    }
                };
        try (Model model = Model.load(ADD_ONE, heardBy(hearer))) {
            Thread first = Thread.ofPlatform().start(() -> run(model));
            entered.await();
            Thread second = Thread.ofPlatform().start(() -> run(model));
            while (second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertEquals(0, hearer.waits.get());
            leave.countDown();
            first.join();
            second.join();
        }
        assertEquals(1, hearer.waits.get());
        assertEquals(2, hearer.runs.get());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatAListenerThrowsIsLoggedOnceAndHarmsNothing() {
        var failure = new IllegalStateException("the listener's");
        ModelListener failing =
                new ModelListener() {
                    @Override
                    public void loaded(Model model, long nanos) {
                        throw failure;
                    }

                    @Override
                    public void ran(long nanos) {
                        throw failure;
                    }
                };
        List<Throwable> logged = new ArrayList<>();
        var handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord message) {
                        logged.add(message.getThrown());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger("io.github.aoti4j");
        logger.addHandler(handler);
        try (Model model = Model.load(ADD_ONE, heardBy(failing))) {
            run(model);
            run(model);
        } finally {
            logger.removeHandler(handler);
        }
        assertEquals(List.of(failure), logged);
    }

    @Test
    void makesNoObject() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var counter =
                new ModelListener() {
                    private long runs;

                    @Override
                    public void ran(long nanos) {
                        runs++;
                    }
                };
        try (Model model = Model.load(ADD_ONE, heardBy(counter));
                Runner runner = model.newRunner()) {
            long allocated = Long.MAX_VALUE;
            long made = 0;
            // The compiler needs a while to see that nothing has to be made.
            for (int attempt = 0; attempt < 30 && allocated != 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 100_000; i++) {
                    runner.run();
                }
                made += 100_000;
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertEquals(0, allocated);
            assertEquals(made, counter.runs);
        }
    }

    @Test
    void optionsReturnTheListener() {
        var hearer = new Hearer();
        assertSame(hearer, heardBy(hearer).listener().orElseThrow());
        assertTrue(ModelOptions.defaults().listener().isEmpty());
        assertSame(hearer, heardBy(hearer).runners(2).listener().orElseThrow());
    }
}
