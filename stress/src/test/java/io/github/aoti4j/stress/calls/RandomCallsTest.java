package io.github.aoti4j.stress.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeContainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Calls of the API in random order: allowed or not, on open and closed objects, from one thread and
 * from several at once, also beside another copy of aoti4j in its own class loader. Each returns a
 * right answer or throws what is documented.
 *
 * <p>Another process makes the calls, so that a crash of the JVM is found like any other failure
 * and reduced to the shortest sequence that causes it. The seed is fixed; the order of threads is
 * not. {@code stress/run calls} makes more calls and prints how many were answered.
 */
class RandomCallsTest {
    private static Path folder;
    private static ApiFuzzerProcess process;

    @BeforeContainer
    static void open() throws IOException {
        folder = Files.createTempDirectory("calls");
        process = new ApiFuzzerProcess(folder);
    }

    @AfterContainer
    static void close() throws IOException {
        process.close();
        if (Boolean.getBoolean("aoti.test.counts")) {
            System.out.println(process);
        }
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Provide
    Arbitrary<List<Step>> calls() {
        var how =
                Arbitraries.frequencyOf(
                        Tuple.of(12, Arbitraries.just(Step.How.SAME_THREAD)),
                        Tuple.of(1, Arbitraries.just(Step.How.INTERRUPTED)),
                        Tuple.of(1, Arbitraries.just(Step.How.OTHER_THREAD)),
                        Tuple.of(1, Arbitraries.just(Step.How.VIRTUAL)),
                        Tuple.of(1, Arbitraries.just(Step.How.DEEP)),
                        Tuple.of(1, Arbitraries.just(Step.How.FOREIGN)),
                        Tuple.of(4, Arbitraries.just(Step.How.CONCURRENT)));
        return Combinators.combine(Arbitraries.of(Action.class), how, Arbitraries.integers())
                .as(Step::new)
                .list()
                .ofMinSize(10)
                .ofMaxSize(60);
    }

    /** Attacks that are always refused would find nothing. */
    @AfterProperty
    void muchHasBeenAnswered() {
        Set<Action> essential =
                EnumSet.of(
                        Action.RUN,
                        Action.CALL,
                        Action.RUN_RUNNER,
                        Action.OUTPUT,
                        Action.READ,
                        Action.UPDATE,
                        Action.RUN_GUARDED,
                        Action.MANY_RUN);
        if (process.calls() > 2000) {
            assertTrue(process.answers().keySet().containsAll(essential), process::toString);
        }
    }

    @Property(seed = "20261121")
    void isAnsweredRightlyOrAsDocumented(@ForAll("calls") List<Step> calls) {
        assertEquals("", process.run(calls));
    }
}
