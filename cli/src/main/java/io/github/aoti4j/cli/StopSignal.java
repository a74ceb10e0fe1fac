package io.github.aoti4j.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends long work early: after a failure, or when somebody presses Ctrl-C. In the latter case the
 * process goes on until the signal is closed, so that what has been measured is reported and nobody
 * is inside the model when the process ends.
 */
final class StopSignal implements AutoCloseable {
    /** Who waits longer has a model whose single run takes that long. */
    private static final long PATIENCE_SECONDS = 10;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stopAndWait, "aoti-stop");
    private volatile boolean stopped;

    /** Heeds Ctrl-C from now on. */
    void arm() {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException _) {
            // The process is ending already.
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
                System.err.println("aoti: a run does not end; leaving without a report");
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
            // The process is ending: the hook runs.
        }
    }
}
