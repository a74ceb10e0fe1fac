package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

/**
 * Models that are loaded, or given other weights, for a year leave no native memory behind, though
 * PyTorch's containers never delete their handles to constants that they use in place (up to 2.14).
 * In a JVM without a compiler, whose memory comes and goes.
 */
@NeedsLibTorch
class ConstantLeakTest {
    private static final Fixture FIXTURE = Fixture.of("weights_mlp");
    private static final int TIMES = 30;

    /** Half of what one container's handles to the seven constants take. */
    private static final long LEAST_LEAK = 7 * 16 * TIMES;

    @Test
    void neitherUpdatesNorLoadsLeaveAnythingBehind() throws Exception {
        ProcessBuilder child =
                Children.of(ConstantLeakTest.class)
                        .options("-Xint", "-XX:+UseSerialGC", "-Xmx128m")
                        .with();
        child.environment().put("OMP_NUM_THREADS", "1");
        ChildJvm.Ending ending = ChildJvm.run(child);
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** In the other JVM. */
    public static void main(String[] args) throws InterruptedException {
        try (Model inBlob = load("blob", 1);
                Model inLibrary = load("in_so", 3)) {
            requireNoGrowth("updates of one container", () -> updateTwice(inBlob));
            requireNoGrowth("updates of three", () -> updateTwice(inLibrary));
            // The models above keep the libraries loaded.
            requireNoGrowth("loads of one container", () -> load("blob", 1).close());
            requireNoGrowth("loads of three", () -> load("in_so", 3).close());
        }
    }

    private static void requireNoGrowth(String what, Runnable work) throws InterruptedException {
        repeat(work);
        // The least of ten: a leak shows in each, and the tables of the JVM grow now and then.
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10 && least >= LEAST_LEAK; i++) {
            long before = Vitals.settled().nativeBytes();
            repeat(work);
            least = Math.min(least, Vitals.settled().nativeBytes() - before);
        }
        assertTrue(least < LEAST_LEAK, least + " bytes more after " + TIMES + " " + what);
    }

    private static void repeat(Runnable work) {
        for (int i = 0; i < TIMES; i++) {
            work.run();
        }
    }

    private static void updateTwice(Model model) {
        model.constants().update(FIXTURE.folder().resolve("weights_other.safetensors"));
        model.constants().update(FIXTURE.folder().resolve("weights.safetensors"));
    }

    private static Model load(String packaging, int runners) {
        return Model.load(
                FIXTURE.folder().resolve(packaging + ".pt2"),
                ModelOptions.defaults().runners(runners));
    }
}
