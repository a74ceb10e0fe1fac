package io.github.aoti4j.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.List;

class ParallelChecksTest {
    private static final String SERIAL =
            """
            extern "C"  void  lookup(const int64_t* in_ptr0)
            {
                AOTI_TORCH_CHECK(tmp2 < 10L, "index out of bounds");
            }
            """;

    private static final String PARALLEL =
            """
            extern "C"  void  add(const float* in_ptr0)
            {
                #pragma omp parallel num_threads(2)
                {
                    #pragma omp for
                    for (int64_t x0 = 0; x0 < 8; x0 += 1) {}
                }
            }
            """;

    private static final String BOTH =
            """
            extern "C"  void  gather(const int64_t* in_ptr0)
            {
                #pragma omp parallel num_threads(2)
                {
                    AOTI_TORCH_CHECK(tmp2 < 10L, "index out of bounds");
                }
            }
            """;

    @Test
    void findsChecksInParallelRegions() {
        assertEquals(List.of("gather"), ParallelChecks.find(SERIAL + BOTH + PARALLEL));
    }

    @Test
    void leavesSerialChecksAndParallelKernelsWithoutChecksAlone() {
        assertEquals(List.of(), ParallelChecks.find(SERIAL + PARALLEL + SERIAL));
        assertEquals(List.of(), ParallelChecks.find(""));
    }
}
