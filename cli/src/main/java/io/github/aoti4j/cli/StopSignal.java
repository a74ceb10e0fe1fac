package io.github.aoti4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends long work early: after a failure, or on Ctrl-C. On Ctrl-C the process continues until the
 * signal is closed, so that the measurement is reported, and no thread is in native code when the
 * JVM exits.
 */
final class StopSignal implements AutoCloseable {
    /** How long Ctrl-C waits for a run to end. */
    private static final long PATIENCE_SECONDS = 10;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stopAndWait, "aoti-stop");
    private volatile boolean stopped;

    /** Handles Ctrl-C from now on. */
    void arm() {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The JVM is shutting down already.
            stopped = true;
        }
    }

    void stop() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped;
    }

    private void stopAndWait() {
        stopped = true;
        try {
            if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("aoti: a run does not end; exiting without a report");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The JVM is shutting down: the hook runs.
        }
    }
}
