package io.github.aoti4j.internal.builtin.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.bindings.blas.OpenMp;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products in processes without libtorch, on one thread and on several. */
class GemmTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void withOpenBlas(int threads) throws Exception {
        assumeTrue(OpenMp.isThere(), "there is no libgomp.so.1");
        assumeTrue(OpenBlas.load(null), OpenBlas.description());
        run(new ChildJvm(GemmScenarios.class), true, threads);
    }

    @Test
    void inJava() throws Exception {
        assumeTrue(OpenMp.isThere(), "there is no libgomp.so.1");
        run(new ChildJvm(GemmScenarios.class).options("-Daoti.openblas=none"), false, 2);
    }

    private static void run(ChildJvm child, boolean openBlas, int threads) throws Exception {
        ProcessBuilder builder = child.with(openBlas, threads);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        var ending = ChildJvm.run(builder);
        assertEquals(0, ending.exitCode(), ending.output());
    }
}
