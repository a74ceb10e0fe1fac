package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several copies of aoti4j in one process, each in a class loader of its own. */
@NeedsLibTorch
@OnBothEngines
class SeveralCopiesTest {
    private static final int ROUNDS = 3;

    @Test
    void copiesWorkSideBySide() throws Exception {
        try (var one = new Tenant();
                var two = new Tenant();
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> work = new ArrayList<>();
            List<Tenant.Job> jobs = new ArrayList<>(Tenant.Job.all());
            // Copies cannot have the same operators at a time.
            jobs.remove(Tenant.Job.JAVA_OPERATORS);
            for (Tenant.Job job : jobs) {
                for (int i = 0; i < ROUNDS; i++) {
                    work.add(threads.submit(() -> workIn(one, job)));
                    work.add(threads.submit(() -> workIn(two, job)));
                    work.add(threads.submit(job::work));
                }
            }
            for (Future<?> each : work) {
                each.get();
            }
        }
    }

    private static Void workIn(Tenant tenant, Tenant.Job job) throws Exception {
        tenant.workHere(job);
        return null;
    }

    @Test
    void worksWithoutContextClassLoader() {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(null);
        try {
            Tenant.Job.RUN.work();
            Tenant.Job.all().forEach(Tenant.Job::work);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Test
    void aModelThatOutlivesItsClosedLoaderDoesNotEndTheProcess() throws Exception {
        var ending = ChildJvm.run(Children.of(Undeployed.class).with());

        assertEquals(0, ending.exitCode(), ending.output());
        assertTrue(ending.output().contains("lives"), ending.output());
    }

    /** A process in which applications are undeployed while their models are in use. */
    static final class Undeployed {
        private Undeployed() {}

        public static void main(String[] args) throws Exception {
            for (Tenant.Kept kept : Tenant.Kept.all()) {
                var tenant = new Tenant();
                tenant.keep(kept);
                tenant.close();
                // Classes that it has not used so far cannot be found any more.
                for (int i = 0; i < 2; i++) {
                    System.out.println(kept + ": " + tenant.useKept());
                }
                System.out.println(kept + " closed: " + tenant.closeKept());
            }
            Tenant.Job.RUN.work();
            System.out.println("lives");
        }
    }
}
