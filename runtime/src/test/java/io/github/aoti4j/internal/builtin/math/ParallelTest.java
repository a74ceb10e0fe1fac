package io.github.aoti4j.internal.builtin.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.aoti4j.bindings.blas.OpenMp;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tasks on OpenMP's threads, in processes that are told how many there are. */
class ParallelTest {
    @BeforeAll
    static void needsOpenMp() {
        assumeTrue(OpenMp.isThere(), "there is no libgomp.so.1");
    }

    @ParameterizedTest
    @CsvSource({
        "tasks, 4",
        "tasks, 1",
        "failure, 4",
        "failure, 1",
        "nesting, 4",
        "nesting, 1",
        "callers, 3",
        "callers, 1",
        "smallStack, 4",
        "classLoader, 4"
    })
    void runs(String scenario, int threads) throws Exception {
        assertEquals(0, run(scenario, threads, "OMP_NUM_THREADS", Integer.toString(threads)));
    }

    @ParameterizedTest
    @CsvSource({"4", "1"})
    void aProcessWithThreadsOfOpenMpEnds(int threads) throws Exception {
        assertEquals(7, run("exit", threads, "OMP_NUM_THREADS", Integer.toString(threads)));
    }

    @ParameterizedTest
    @CsvSource({"OMP_STACKSIZE, 64k", "OMP_STACKSIZE, 65536 b", "GOMP_STACKSIZE, ' 100 '"})
    void threadsWithoutStackForJavaRunNone(String variable, String size) throws Exception {
        assertEquals(0, run("tasks", 1, variable, size));
    }

    private static int run(String scenario, int threads, String variable, String value)
            throws Exception {
        var child = new ChildJvm(ParallelScenarios.class).options("-XX:SoftRefLRUPolicyMSPerMB=0");
        ProcessBuilder builder = child.with(scenario, threads);
        builder.environment().put("OMP_NUM_THREADS", "4");
        builder.environment().put(variable, value);
        var ending = ChildJvm.run(builder);
        assertEquals("", ending.output());
        return ending.exitCode();
    }
}
