package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

/**
 * The public API where a thread's stack ends: no hang, no crash, and right answers afterwards. More
 * overflows than the build makes: {@code -Daoti.test.overflows=1000}.
 */
@NeedsLibTorch
@OnBothEngines
class StackEndTest {
    private static final int OVERFLOWS = Integer.getInteger("aoti.test.overflows", 30);

    @ParameterizedTest
    @CsvSource({"PLAIN, false", "PLAIN, true", "OPERATORS, false", "OPERATORS, true"})
    void survives(StackEnd.Subject subject, boolean virtual) throws Exception {
        if (subject == StackEnd.Subject.OPERATORS) {
            EngineUnderTest.assumeLibTorch();
        }
        var child = Children.of(StackEnd.class).options("-XX:TieredStopAtLevel=4");
        var ending =
                ChildJvm.run(
                        child.with(subject, virtual, OVERFLOWS),
                        Duration.ofSeconds(60 + OVERFLOWS));
        assertEquals(0, ending.exitCode(), ending.output());
        assertTrue(ending.output().contains(StackEnd.SURVIVED), ending.output());
        assertFalse(ending.output().contains("never closed"), ending.output());
    }
}
