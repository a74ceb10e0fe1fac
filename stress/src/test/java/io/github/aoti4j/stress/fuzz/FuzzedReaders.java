package io.github.aoti4j.stress.fuzz;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * The regression run over a module's readers: good inputs, those that fuzzing has found to be
 * interesting ({@code stress/src/test/fuzz}), and both damaged at random. The seed is fixed, so
 * that a build passes or fails whenever it is run; {@link FuzzMain} looks further.
 */
public abstract class FuzzedReaders {
    private static final long SEED = 20261120;
    private static final int MUTANTS = 3000;

    /** Against what never ends: takes a second as a rule, and more on a machine that is busy. */
    private static final Duration STUCK = Duration.ofMinutes(5);

    /**
     * Returns the module's readers.
     *
     * @return each with a name of its own
     */
    protected abstract List<FuzzTarget> targets();

    @TestFactory
    Stream<DynamicTest> readersAnswerOrRefuse() {
        return targets().stream()
                .map(
                        target ->
                                DynamicTest.dynamicTest(
                                        target.name(),
                                        () ->
                                                assertTimeoutPreemptively(
                                                        STUCK, () -> attack(target))));
    }

    /** Gives a reader an input that was made to cost much. */
    public void attack(String reader, byte[] input) {
        for (FuzzTarget target : targets()) {
            if (target.name().equals(reader)) {
                assertTimeoutPreemptively(STUCK, () -> target.accepts(input));
                return;
            }
        }
        throw new IllegalArgumentException(reader);
    }

    private static void attack(FuzzTarget target) throws Exception {
        var words = target.words().stream().map(word -> word.getBytes(ISO_8859_1)).toList();
        var seeds = target.seeds().make();
        var inputs = new ArrayList<>(Corpus.inputs(target.name()));
        inputs.addAll(seeds);
        var random = new SplittableRandom(SEED);
        for (byte[] input : inputs) {
            target.accepts(input);
        }
        int accepted = 0;
        for (int i = 0; i < MUTANTS; i++) {
            // What fuzzing has found is mostly refused.
            var from = random.nextBoolean() ? seeds : inputs;
            byte[] mutant = Mutation.damage(from.get(random.nextInt(from.size())), words, random);
            try {
                accepted += target.accepts(mutant) ? 1 : 0;
            } catch (AssertionError e) {
                Path folder = Files.createDirectories(Path.of("target", "fuzz"));
                Path file = Files.write(folder.resolve(target.name() + ".mutant"), mutant);
                throw new AssertionError(e.getMessage() + "; the input is in " + file, e);
            }
        }
        // Were all refused, none would have been read far.
        assertTrue(accepted > MUTANTS / 1000, accepted + " of " + MUTANTS + " were read");
    }
}
