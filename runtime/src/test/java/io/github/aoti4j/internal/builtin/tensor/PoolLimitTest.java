package io.github.aoti4j.internal.builtin.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.MemoryLimitException;
import io.github.aoti4j.internal.memory.MemoryBudget;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

class PoolLimitTest {
    private static final long LIMIT = 1 << 20;

    private final MemoryBudget budget = new MemoryBudget("m", LIMIT);

    private static MemoryLimitException refused(long bytes) {
        var failure = assertThrows(BuiltInFailure.class, () -> Memory.take(bytes));
        var limit = assertInstanceOf(MemoryLimitException.class, failure.getCause());
        assertEquals(bytes, limit.needed());
        assertEquals(LIMIT, limit.limit());
        return limit;
    }

    @Test
    void theLimitIsReachedButNotPassed() {
        try (Pool pool = new Pool(budget)) {
            Pool outer = pool.enter();
            long all = Memory.take(LIMIT);
            MemoryLimitException e = refused(1);
            assertEquals(LIMIT, e.held());
            String figures = "a run needs 1 bytes of private memory; model m has 1048576";
            assertTrue(e.getMessage().startsWith(figures), e.getMessage());
            Memory.give(all);
            refused(LIMIT + 1);
            Memory.give(Memory.take(LIMIT));
            pool.leave(outer);
        }
        assertTrue(budget.tryTake(LIMIT), "a closed pool holds nothing");
    }

    @Test
    void whatThePoolKeepsMakesWay() {
        try (Pool pool = new Pool(budget)) {
            Pool outer = pool.enter();
            List<Long> small = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                small.add(Memory.take(1000));
            }
            small.forEach(Memory::give);
            assertTrue(pool.bytesCached() > LIMIT / 2);
            Memory.give(Memory.take(LIMIT));
            pool.leave(outer);
        }
    }

    @Test
    void whatAnIdlePoolKeepsMakesWayAndWhatIsInUseDoesNot() {
        try (Pool idle = new Pool(budget);
                Pool pool = new Pool(budget)) {
            Pool outer = idle.enter();
            long output = Memory.take(1024);
            Memory.give(Memory.take(LIMIT / 2));
            idle.leave(outer);
            outer = pool.enter();
            refused(LIMIT);
            assertEquals(0, idle.bytesCached());
            assertEquals(1024, idle.bytesInUse());
            Memory.give(Memory.take(LIMIT / 8 * 7));
            // Given back while the other pool is idle.
            Memory.give(output);
            Memory.give(Memory.take(LIMIT));
            pool.leave(outer);
        }
    }

    @Test
    void aPoolThatARunUsesIsLeftAlone() throws Exception {
        try (Pool busy = new Pool(budget);
                Pool pool = new Pool(budget);
                var other = Executors.newSingleThreadExecutor()) {
            Pool outer = busy.enter();
            Memory.give(Memory.take(LIMIT / 2));
            other.submit(
                            () -> {
                                Pool before = pool.enter();
                                refused(LIMIT);
                                pool.leave(before);
                            })
                    .get();
            assertEquals(LIMIT / 2, busy.bytesCached());
            Memory.give(Memory.take(LIMIT / 2));
            busy.leave(outer);
        }
    }

    @Test
    void weightsCountAndRunsMakeWayForThem() {
        try (Pool pool = new Pool(budget)) {
            Pool outer = pool.enter();
            Memory.give(Memory.take(LIMIT));
            pool.leave(outer);
            budget.takeForWeights(LIMIT / 2, "loading needs", "load less");
            assertEquals(0, pool.bytesCached());
            outer = pool.enter();
            refused(LIMIT / 2 + 64);
            Memory.give(Memory.take(LIMIT / 2));
            pool.leave(outer);
            var e =
                    assertThrows(
                            MemoryLimitException.class,
                            () -> budget.takeForWeights(LIMIT, "loading needs", "load less"));
            assertEquals(LIMIT / 2, e.held());
            assertTrue(e.getMessage().contains("(weights 524288, memory of runs 0)"));
            budget.giveFromWeights(LIMIT / 2);
            assertEquals(0, budget.weights());
        }
    }

    @Test
    void sizesBeyondAnyMemoryAreRefusedWithoutALimitToo() {
        var unlimited = new MemoryBudget("m", MemoryBudget.UNLIMITED);
        try (Pool pool = new Pool(unlimited)) {
            Pool outer = pool.enter();
            var failure =
                    assertThrows(BuiltInFailure.class, () -> Memory.take(SizeClasses.MAX_BYTES));
            assertEquals(null, failure.getCause());
            assertEquals(0, pool.bytesInUse());
            Memory.give(Memory.take(100));
            pool.leave(outer);
        }
        assertTrue(unlimited.tryTake(Long.MAX_VALUE), "nothing is left counted");
    }

    /** Four pools of half the limit each: some are refused, none passes it, none is lost. */
    @Test
    void poolsNearTheLimitNeverPassIt() throws Exception {
        int threads = 4;
        List<Pool> pools = new ArrayList<>();
        AtomicInteger done = new AtomicInteger();
        try (var executor = Executors.newFixedThreadPool(threads)) {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                Pool pool = new Pool(budget);
                pools.add(pool);
                Random random = new Random(t);
                tasks.add(
                        () -> {
                            for (int run = 0; run < 2000; run++) {
                                Pool outer = pool.enter();
                                try {
                                    long block = Memory.take(random.nextLong(LIMIT / 2));
                                    Memory.give(block);
                                    done.incrementAndGet();
                                } catch (BuiltInFailure e) {
                                    assertInstanceOf(MemoryLimitException.class, e.getCause());
                                } finally {
                                    pool.leave(outer);
                                }
                                long held = budget.refusal("", 0, "").held();
                                assertTrue(held <= LIMIT, "held " + held);
                            }
                            return null;
                        });
            }
            for (Future<Void> task : executor.invokeAll(tasks)) {
                task.get();
            }
        }
        assertTrue(done.get() > 0);
        Pool outer = pools.getFirst().enter();
        Memory.give(Memory.take(LIMIT));
        pools.getFirst().leave(outer);
        pools.forEach(Pool::close);
        assertTrue(budget.tryTake(LIMIT), "nothing is left counted");
    }
}
