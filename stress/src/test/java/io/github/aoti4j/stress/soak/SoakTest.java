package io.github.aoti4j.stress.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Children;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.Test;

import java.time.Duration;

/**
 * A {@link Soak} in a JVM of its own, with a heap that does not grow. In the ordinary build only a
 * few rounds; {@code stress/run soak 60} for one that finds leaks.
 */
class SoakTest {
    private static final String MINUTES = System.getProperty("aoti.soak.minutes", "0");

    @Test
    void answersStayRightAndNothingGrows() throws Exception {
        ProcessBuilder child =
                Children.of(Soak.class)
                        .options("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC")
                        .options("-XX:TieredStopAtLevel=4", "-XX:ReservedCodeCacheSize=64m")
                        .with(MINUTES)
                        .redirectErrorStream(false)
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        child.environment().put("OMP_NUM_THREADS", "1");
        long limit = 5 + 2 * Math.round(Double.parseDouble(MINUTES));
        ChildJvm.Ending ending = ChildJvm.run(child, Duration.ofMinutes(limit));
        if (!MINUTES.equals("0")) {
            System.out.print(ending.output());
        }
        assertEquals(0, ending.exitCode(), ending.output());
    }
}
