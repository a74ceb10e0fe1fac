package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.StackNeeds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** How much stack is left is known on each kind of thread, and cleanups are postponed, not lost. */
class StackGuardTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesNearTheEndOnly(boolean virtual) throws InterruptedException {
        var refused = new AtomicInteger();
        var allowed = new AtomicInteger();
        inThread(
                virtual,
                () -> {
                    StackGuard.requireForLoad();
                    descend(
                            4000,
                            () -> {
                                try {
                                    StackGuard.requireForRun();
                                    allowed.incrementAndGet();
                                } catch (StackOverflowError e) {
                                    refused.incrementAndGet();
                                }
                            });
                });
        assertTrue(refused.get() > 0, "never refused");
        assertTrue(allowed.get() > 0, "never allowed");
    }

    @Test
    void saysHowMuchIsMissing() throws InterruptedException {
        var failure = new AtomicReference<StackOverflowError>();
        Thread small =
                new Thread(
                        null,
                        () ->
                                failure.set(
                                        assertThrows(
                                                StackOverflowError.class,
                                                StackGuard::requireForLoad)),
                        "small",
                        180 << 10);
        StackGuard.requireForLoad();
        small.start();
        small.join();
        assertTrue(
                failure.get()
                        .getMessage()
                        .matches("this needs 192 KiB of stack, .* has 1\\d\\d .*"),
                failure.get().getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void postponesCleanupsAndRunsEachOnce(boolean virtual) throws InterruptedException {
        List<AtomicInteger> cleanups = new ArrayList<>();
        var postponed = new AtomicInteger();
        inThread(
                virtual,
                () -> {
                    StackGuard.requireForLoad();
                    ArenaCleanup.run(() -> {});
                    descend(
                            1500,
                            () -> {
                                if (StackGuard.left() < StackNeeds.CLOSE_ARENA) {
                                    return;
                                }
                                var runs = new AtomicInteger();
                                cleanups.add(runs);
                                ArenaCleanup.run(runs::incrementAndGet);
                                postponed.addAndGet(1 - runs.get());
                            });
                });
        assertTrue(postponed.get() > 0, "none was postponed");
        ArenaCleanup.run(() -> {});
        assertFalse(cleanups.isEmpty());
        for (AtomicInteger runs : cleanups) {
            assertEquals(1, runs.get());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 300, 850})
    void firstUseWhereAStackEndsBreaksNothing(int callsAboveTheEnd) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xint",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "--enable-native-access=ALL-UNNAMED",
                                StackGuardFirstUse.class.getName(),
                                Integer.toString(callsAboveTheEnd))
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(StackGuardFirstUse.REFUSED, output.strip());
        assertEquals(0, process.waitFor());
    }

    private static void inThread(boolean virtual, Runnable task) throws InterruptedException {
        var failure = new AtomicReference<Throwable>();
        Thread thread =
                (virtual ? Thread.ofVirtual() : Thread.ofPlatform())
                        .unstarted(
                                () -> {
                                    try {
                                        task.run();
                                    } catch (Throwable e) {
                                        failure.set(e);
                                    }
                                });
        thread.start();
        thread.join();
        assertEquals(null, failure.get());
    }

    /** Goes down to the end of the stack, and acts on the way up. */
    private static void descend(int times, Runnable action) {
        descend(new int[] {times}, action);
    }

    @SuppressWarnings("InfiniteRecursion") // the point of it
    private static void descend(int[] left, Runnable action) {
        try {
            descend(left, action);
        } catch (StackOverflowError e) {
            // That was the end.
        }
        if (left[0] > 0) {
            left[0]--;
            try {
                action.run();
            } catch (StackOverflowError e) {
                // Too deep for the action itself.
            }
        }
    }
}
