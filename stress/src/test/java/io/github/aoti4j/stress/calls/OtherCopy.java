package io.github.aoti4j.stress.calls;

import io.github.aoti4j.Tenant;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A second copy of aoti4j in this process, in a class loader of its own, which works meanwhile. */
final class OtherCopy {
    private static final Tenant TENANT = new Tenant();

    /** Without operators in Java, which are one set for the process. */
    private static final List<Tenant.Job> JOBS =
            List.of(
                    Tenant.Job.OPEN,
                    Tenant.Job.RUN,
                    Tenant.Job.WEIGHTS,
                    Tenant.Job.NATIVE_OPERATORS,
                    Tenant.Job.FAIL);

    private OtherCopy() {}

    /**
     * Loads and runs a model there, on a thread that nobody interrupts; answers have to be right.
     */
    static void work(SplittableRandom random) {
        Tenant.Job job = FuzzState.pick(JOBS, random);
        var work =
                new FutureTask<Void>(
                        () -> {
                            TENANT.workHere(job);
                            return null;
                        });
        Thread.ofPlatform().name("other copy").start(work);
        boolean interrupted = false;
        try {
            while (!work.isDone()) {
                try {
                    work.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new AssertionError(job + " in the other copy", e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
