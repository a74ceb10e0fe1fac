package io.github.aoti4j.internal.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

class RunGateTest {
    @Test
    void holdsUpWhoComesAndLetsThemInAgain() throws Exception {
        var gate = new RunGate("m", 2, null);
        gate.pauseRuns();
        var entered = new CountDownLatch(3);
        try (var pool = Executors.newFixedThreadPool(3)) {
            for (int i = 0; i < 3; i++) {
                pool.execute(
                        () -> {
                            int permit = gate.acquire(0);
                            entered.countDown();
                            gate.release(permit);
                        });
            }
            assertFalse(entered.await(50, TimeUnit.MILLISECONDS));
            gate.resumeRuns();
            assertTrue(entered.await(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void anInterruptStaysPending() throws Exception {
        var gate = new RunGate("m", 1, null);
        int first = gate.acquire(0);
        var interrupted = new AtomicBoolean();
        Thread waiter =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    Thread.currentThread().interrupt();
                                    int permit = gate.acquire(0);
                                    interrupted.set(Thread.interrupted());
                                    gate.release(permit);
                                });
        Thread.sleep(20);
        gate.release(first);
        waiter.join();
        assertTrue(interrupted.get());
    }

    @RepeatedTest(3)
    void neverLetsInMoreThanItMay() throws Exception {
        int threads = 6;
        int permits = 2;
        var gate = new RunGate("m", permits, null);
        var busy = new AtomicIntegerArray(permits);
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        var holding = new AtomicBoolean();
        var wrong = new AtomicInteger();
        var stop = new AtomicBoolean();
        try (var pool = Executors.newFixedThreadPool(threads + 1)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                boolean patient = t % 2 == 0;
                int preferred = t % permits;
                all.add(
                        pool.submit(
                                () -> {
                                    for (int i = 0; i < 50_000; i++) {
                                        int permit = gate.acquire(preferred);
                                        if (!busy.compareAndSet(permit, 0, 1)) {
                                            wrong.incrementAndGet();
                                        }
                                        int now = inside.incrementAndGet();
                                        most.accumulateAndGet(now, Math::max);
                                        if (holding.get()) {
                                            wrong.incrementAndGet();
                                        }
                                        inside.decrementAndGet();
                                        busy.set(permit, 0);
                                        gate.release(permit);
                                        if (patient && i % 1000 == 0) {
                                            LockSupport.parkNanos(1000);
                                        }
                                    }
                                }));
            }
            Future<?> holder =
                    pool.submit(
                            () -> {
                                while (!stop.get()) {
                                    gate.pauseRuns();
                                    holding.set(true);
                                    if (inside.get() != 0) {
                                        wrong.incrementAndGet();
                                    }
                                    holding.set(false);
                                    gate.resumeRuns();
                                    LockSupport.parkNanos(1000);
                                }
                            });
            for (Future<?> f : all) {
                f.get();
            }
            stop.set(true);
            holder.get();
        }
        assertEquals(0, wrong.get());
        assertTrue(most.get() <= permits);
        // All have left: the gate is as it was.
        assertNotEquals(gate.acquire(0), gate.acquire(0));
    }
}
