package io.github.aoti4j.stress.calls;

import static io.github.aoti4j.stress.calls.Outcomes.DEEP;
import static io.github.aoti4j.stress.calls.Outcomes.require;

import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.stress.calls.Outcomes.Unprepared;
import io.github.aoti4j.stress.calls.Outcomes.Wrong;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Makes calls and judges what comes of each: a right answer, or an exception that the method's
 * Javadoc lists.
 */
final class ApiFuzzer {
    private final FuzzState world = new FuzzState();
    private final Calls calls = new Calls(world, this::call);
    private final List<Action> answered = new CopyOnWriteArrayList<>();

    /** A call that another thread makes meanwhile. */
    private FutureTask<Void> alongside;

    private ApiFuzzer() {}

    /** Makes calls one after the other, and cleans up; gives what was answered and not refused. */
    static List<Action> run(List<Step> steps) throws Exception {
        var fuzzer = new ApiFuzzer();
        try {
            for (Step step : steps) {
                fuzzer.make(step);
            }
        } finally {
            fuzzer.join();
            fuzzer.world.close();
        }
        return List.copyOf(fuzzer.answered);
    }

    private void make(Step step) throws Exception {
        switch (step.how()) {
            case SAME_THREAD -> callUninterrupted(step);
            case INTERRUPTED -> {
                Thread.currentThread().interrupt();
                call(step);
                if (!Thread.interrupted()) {
                    throw new Wrong(step + " swallowed an interrupt", null);
                }
            }
            case DEEP -> get(startDeep(step));
            case OTHER_THREAD -> get(start(step, Thread.ofPlatform()));
            case VIRTUAL -> get(start(step, Thread.ofVirtual()));
            case FOREIGN -> get(startWithClosedLoader(step));
            case CONCURRENT -> {
                join();
                world.concurrent = true;
                alongside =
                        start(
                                step,
                                step.seed() % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform());
                return;
            }
        }
        join();
    }

    private FutureTask<Void> startWithClosedLoader(Step step) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        var closed = new URLClassLoader(new URL[0], null);
        closed.close();
        // The new thread inherits it.
        thread.setContextClassLoader(closed);
        try {
            return start(step, Thread.ofPlatform());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private FutureTask<Void> start(Step step, Thread.Builder threads) {
        var task =
                new FutureTask<Void>(
                        () -> {
                            callUninterrupted(step);
                            return null;
                        });
        threads.start(task);
        return task;
    }

    /** Starts a thread that calls where it has 130 to 200 KiB of stack left. */
    private FutureTask<Void> startDeep(Step step) {
        long left = (130 + Math.floorMod(step.seed(), 70)) * 1024L;
        var task =
                new FutureTask<Void>(
                        () -> {
                            descend(step, left);
                            return null;
                        });
        Thread.ofPlatform().name(DEEP).start(task);
        return task;
    }

    private void descend(Step step, long left) {
        if (StackGuard.left() > left) {
            descend(step, left);
        } else {
            callUninterrupted(step);
        }
    }

    private void join() throws Exception {
        FutureTask<Void> other = alongside;
        alongside = null;
        if (other != null) {
            get(other);
            world.concurrent = false;
        }
    }

    private static void get(FutureTask<Void> task) throws Exception {
        try {
            task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Wrong wrong) {
                throw wrong;
            }
            throw e;
        }
    }

    /** Makes a call on a thread that nobody interrupts. */
    private void callUninterrupted(Step step) {
        int before = world.arenasClosed.get();
        boolean closing = world.arenasClosing.get() > 0;
        call(step);
        // The JVM may interrupt a thread whose memory another one closes. Where that is an arena of
        // the caller's, the library cannot help it; what it owns, it must not close under a thread.
        if (Thread.interrupted() && !closing && world.arenasClosed.get() == before) {
            throw new Wrong(step + " left an interrupt that nobody asked for", null);
        }
    }

    private void call(Step step) {
        try {
            calls.act(step.action(), new SplittableRandom(step.seed()));
            answered.add(step.action());
        } catch (Wrong e) {
            throw e;
        } catch (Unprepared e) {
            // Another step's subject.
        } catch (Throwable e) {
            require(step.action().method(), e);
        }
    }
}
