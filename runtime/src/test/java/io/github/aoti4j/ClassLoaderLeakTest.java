package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A container that lives on unloads the applications that have used aoti4j. */
@NeedsLibTorch
@OnBothEngines
class ClassLoaderLeakTest {
    private static final int TENANTS = 25;

    /** Of those that do anything else. */
    private static final int FEW = 2;

    @Test
    void classesOfAnApplicationAreUnloadedAfterIt() throws Exception {
        // The JDK refers to classes softly (what compares records, for one), until memory is short.
        String noSoftReferences = "-XX:SoftRefLRUPolicyMSPerMB=0";
        var child = Children.of(Container.class).options("-Xmx256m", noSoftReferences);
        var ending = ChildJvm.run(child.with());
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** A process with a pool of threads that outlive the tenants. */
    static final class Container {
        private Container() {}

        public static void main(String[] args) throws Exception {
            Map<Tenant.Job, List<WeakReference<ClassLoader>>> loaders = new LinkedHashMap<>();
            try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
                for (Tenant.Job job : Tenant.Job.all()) {
                    loaders.put(job, new ArrayList<>());
                    for (int i = 0; i < (job == Tenant.Job.RUN ? TENANTS : FEW); i++) {
                        loaders.get(job).add(serve(job, pool));
                    }
                }
                Map<Tenant.Job, Long> left = left(loaders);
                for (int i = 0; i < 100 && !left.isEmpty(); i++) {
                    System.gc();
                    // Time for cleaners, which run after a collection.
                    Thread.sleep(20);
                    left = left(loaders);
                }
                if (!left.isEmpty()) {
                    throw new AssertionError("class loaders that stay, by what was done: " + left);
                }
            }
        }

        private static WeakReference<ClassLoader> serve(Tenant.Job job, ExecutorService pool)
                throws Exception {
            try (var tenant = new Tenant()) {
                tenant.work(pool, job);
                return new WeakReference<>(tenant.loader());
            }
        }

        private static Map<Tenant.Job, Long> left(
                Map<Tenant.Job, List<WeakReference<ClassLoader>>> loaders) {
            Map<Tenant.Job, Long> left = new LinkedHashMap<>();
            loaders.forEach(
                    (job, references) -> {
                        long alive = references.stream().filter(r -> r.get() != null).count();
                        if (alive > 0) {
                            left.put(job, alive);
                        }
                    });
            return left;
        }
    }
}
